-- the contract of completeness, where it fails: more is missing than completeness_error_share
select
    workspace_id,
    space_id,
    asked_date,
    check_name,
    found_count,
    missing_count
from {{ ref('genie_completeness') }}
where verdict = 'broken'
