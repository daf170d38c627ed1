{{ config(materialized='table') }}

with events as (

    select * from {{ ref('silver_events') }}
    where space_id is not null

),

spaces as (

    select * from {{ ref('silver_spaces') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

usage as (

    select
        workspace_id,
        space_id,
        count(distinct case when family = 'ask' and not is_failed then conversation_id end)
            as conversation_count,
        count(distinct case when family = 'ask' and not is_failed then message_id end)
            as message_count,
        count(distinct case when family = 'ask' then user_email end) as user_count,
        count(case when family = 'ask' and is_failed then 1 end) as rejected_ask_count,
        min(event_time) as first_event_time,
        max(event_time) as last_event_time
    from events
    where is_usage
    group by workspace_id, space_id

),

final as (

    select
        cast(coalesce(usage.workspace_id, spaces.workspace_id) as {{ dbt.type_string() }})
            as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(coalesce(usage.space_id, spaces.space_id) as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(coalesce(usage.conversation_count, 0) as bigint) as conversation_count,
        cast(coalesce(usage.message_count, 0) as bigint) as message_count,
        cast(coalesce(usage.user_count, 0) as bigint) as user_count,
        cast(coalesce(usage.rejected_ask_count, 0) as bigint) as rejected_ask_count,
        cast(usage.first_event_time as timestamp) as first_event_time,
        cast(usage.last_event_time as timestamp) as last_event_time
    from usage
    full outer join spaces
        on
            usage.workspace_id = spaces.workspace_id
            and usage.space_id = spaces.space_id
    left join workspaces
        on coalesce(usage.workspace_id, spaces.workspace_id) = workspaces.workspace_id

)

select * from final
