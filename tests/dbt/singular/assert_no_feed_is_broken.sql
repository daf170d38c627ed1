-- the contract of completeness, where it fails: days of a space that lack more than completeness_error_share
select * from {{ ref('genie_completeness') }}
where verdict = 'broken'
