{{ config(materialized='view') }}

with states as (

    select * from {{ ref('silver_message_states') }}
    where fetch_state <> 'out_of_scope'

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

messages as (

    select * from {{ ref('silver_messages') }}

),

final as (

    select
        states.workspace_id,
        states.space_id,
        states.message_id,
        coalesce(
            states.event_time, {{ timestamp_from_milliseconds('messages.created_timestamp') }}
        ) as asked_at,
        coalesce(activity.is_asked, false) as is_asked,
        states.last_fetched_at is not null as is_fetched,
        case
            when states.last_fetched_at is not null then null
            when states.fetch_state = 'gone' or states.error_type = 'NOT_FOUND' then 'deleted'
            when states.error_type = 'AUTH_ERROR' then 'denied'
        end as excuse
    from states
    left join activity
        on
            states.workspace_id = activity.workspace_id
            and states.message_id = activity.message_id
    left join messages
        on
            states.workspace_id = messages.workspace_id
            and states.message_id = messages.message_id

)

select * from final
