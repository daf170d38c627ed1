{{ config(materialized='view') }}

with attempts as (

    select * from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'message'

),

statuses as (

    select * from {{ ref('genie_message_statuses') }}

),

classified as (

    select
        attempts.*,
        attempts.outcome = 'fetched' as is_fetched,
        attempts.outcome = 'fetched' and coalesce(statuses.is_final, false) as is_final,
        row_number() over (
            partition by attempts.workspace_id, attempts.message_id
            order by attempts.fetched_at desc, attempts.batch_id desc
        ) as age_rank
    from attempts
    left join statuses
        on attempts.message_status = statuses.status

),

bounded as (

    select
        *,
        max(case when is_fetched then fetched_at end) over (
            partition by workspace_id, message_id
        ) as last_fetched_at,
        max(case when is_final then fetched_at end) over (
            partition by workspace_id, message_id
        ) as last_final_at
    from classified

),

marked as (

    select
        *,
        is_fetched and fetched_at = last_fetched_at as is_last_fetched,
        not is_fetched and (last_fetched_at is null or fetched_at > last_fetched_at) as is_failing,
        is_fetched and not is_final and (last_final_at is null or fetched_at > last_final_at)
            as is_unsettled
    from bounded

),

final as (

    select
        workspace_id,
        message_id,
        max(space_id) as space_id,
        max(conversation_id) as conversation_id,
        max(case when age_rank = 1 then error_type end) as error_type,
        max(case when age_rank = 1 then error_message end) as error_message,
        max(case when is_last_fetched then message_status end) as message_status,
        coalesce(bool_or(is_last_fetched and is_final), false) as is_final,
        count(case when is_failing then 1 end) as failure_count,
        count(case when is_unsettled then 1 end) as unsettled_count,
        min(case when is_unsettled then fetched_at end) as first_unsettled_at,
        min(case when is_failing and error_type = 'NOT_FOUND' then fetched_at end)
            as first_not_found_at,
        max(fetched_at) as last_attempt_at,
        max(last_fetched_at) as last_fetched_at,
        max(case when is_last_fetched then message_updated_at end) as message_updated_at
    from marked
    group by workspace_id, message_id

)

select * from final
