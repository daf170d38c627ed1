{{ config(materialized='view') }}

with attempts as (

    select * from {{ source('genie_raw', 'fetch_attempts') }}

),

final as (

    select
        resource,
        resource_id,
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        outcome,
        http_status,
        error_code,
        error_message,
        case
            when outcome <> 'fetched' then {{ fetch_error_type('http_status', 'error_code') }}
        end as error_type,
        message_status,
        message_updated_at,
        fetched_at,
        batch_id
    from attempts

)

select * from final
