{{ config(severity='warn') }}

-- the contract of completeness, where it warns: more than is tolerated, yet no feed is broken
select
    workspace_id,
    space_id,
    asked_date,
    check_name,
    found_count,
    missing_count
from {{ ref('genie_completeness') }}
where verdict = 'incomplete'
