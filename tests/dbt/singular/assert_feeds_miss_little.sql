{{ config(severity='warn') }}

-- the same where it warns: more than is tolerated, up to completeness_error_share
select * from {{ ref('genie_completeness') }}
where verdict = 'incomplete'
