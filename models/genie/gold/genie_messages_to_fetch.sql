{{ config(materialized='view') }}

with states as (

    select * from {{ ref('silver_message_states') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

explained as (

    select
        states.*,
        workspaces.workspace_name,
        workspaces.workspace_url,
        case
            when states.space_id is null or states.conversation_id is null
                then 'space or conversation unknown'
            when states.fetch_state = 'out_of_scope'
                then 'workspace or space not in genie_workspace_ids, genie_space_ids'
            when states.fetch_state = 'new' and workspaces.workspace_url is null
                then 'never fetched: the workspace has no URL'
            when states.fetch_state = 'new' then 'never fetched'
            when states.fetch_state = 'changed' then 'changed after the last fetch'
            when states.fetch_state = 'gone' then 'deleted: not found twice'
            when states.error_type is not null
                then states.error_type || coalesce(': ' || states.error_message, '')
            when states.fetch_state = 'gave_up'
                then coalesce(states.message_status, 'no status') || ' for too long'
            else coalesce(states.message_status, 'no status')
        end as reason
    from states
    left join workspaces
        on states.workspace_id = workspaces.workspace_id

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(message_id as {{ dbt.type_string() }}) as message_id,
        cast(user_email as {{ dbt.type_string() }}) as user_email,
        cast(event_time as timestamp) as event_time,
        cast(event_time as date) as event_date,
        cast(action_name as {{ dbt.type_string() }}) as action_name,
        cast(status_code as bigint) as status_code,
        cast(fetch_state as {{ dbt.type_string() }}) as fetch_state,
        cast(failure_count as bigint) as attempts,
        cast(next_attempt_at as timestamp) as next_attempt_at,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(message_status as {{ dbt.type_string() }}) as message_status,
        cast(message_updated_at as timestamp) as message_updated_at,
        cast(last_fetched_at as timestamp) as last_fetched_at,
        cast(is_due as boolean) as is_due
    from explained

)

select * from final
