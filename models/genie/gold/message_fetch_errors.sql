{{ config(materialized='view') }}

with attempts as (

    select * from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'message'

),

fetches as (

    select * from {{ ref('silver_message_fetches') }}

),

failures as (

    select
        *,
        row_number() over (
            partition by workspace_id, message_id, error_type
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from attempts
    where outcome <> 'fetched'

),

by_type as (

    select
        workspace_id,
        message_id,
        error_type,
        max(space_id) as space_id,
        max(conversation_id) as conversation_id,
        max(case when age_rank = 1 then error_message end) as error_message,
        max(case when age_rank = 1 then http_status end) as http_status,
        min(fetched_at) as first_error_timestamp,
        max(fetched_at) as error_timestamp,
        count(*) - 1 as retry_count
    from failures
    group by workspace_id, message_id, error_type

),

final as (

    select
        cast(by_type.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(by_type.space_id as {{ dbt.type_string() }}) as space_id,
        cast(by_type.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(by_type.message_id as {{ dbt.type_string() }}) as message_id,
        cast(by_type.error_type as {{ dbt.type_string() }}) as error_type,
        cast(by_type.error_message as {{ dbt.type_string() }}) as error_message,
        cast(by_type.http_status as bigint) as http_status,
        cast(by_type.error_timestamp as timestamp) as error_timestamp,
        cast(by_type.first_error_timestamp as timestamp) as first_error_timestamp,
        cast(by_type.retry_count as bigint) as retry_count,
        cast(
            coalesce(fetches.last_fetched_at > by_type.error_timestamp, false) as boolean
        ) as resolved
    from by_type
    left join fetches
        on
            by_type.workspace_id = fetches.workspace_id
            and by_type.message_id = fetches.message_id

)

select * from final
