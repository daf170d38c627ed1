-- re-counts from the fetch attempts: first times and repetitions add up to the failures
with failures as (

    select
        workspace_id,
        message_id,
        count(*) as failure_count
    from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'message' and outcome <> 'fetched'
    group by workspace_id, message_id

),

errors as (

    select
        workspace_id,
        message_id,
        sum(retry_count + 1) as failure_count
    from {{ ref('message_fetch_errors') }}
    group by workspace_id, message_id

)

select
    failures.failure_count as failures_tried,
    errors.failure_count as failures_shown,
    coalesce(failures.workspace_id, errors.workspace_id) as workspace_id,
    coalesce(failures.message_id, errors.message_id) as message_id
from failures
full outer join errors
    on
        failures.workspace_id = errors.workspace_id
        and failures.message_id = errors.message_id
where failures.failure_count is distinct from errors.failure_count
