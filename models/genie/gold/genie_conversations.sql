{{ config(materialized='table') }}

with activity as (

    select * from {{ ref('silver_conversation_activity') }}

),

listed as (

    select * from {{ ref('silver_conversations') }}

),

deletions as (

    select * from {{ ref('silver_deletions') }}

),

messages as (

    select
        workspace_id,
        conversation_id,
        max(space_id) as space_id,
        count(*) as message_count,
        count(last_fetched_at) as fetched_count,
        count(case when fetch_state = 'gone' then 1 end) as gone_count
    from {{ ref('silver_message_states') }}
    where conversation_id is not null
    group by workspace_id, conversation_id

),

keys as (

    select
        workspace_id,
        conversation_id
    from activity
    union
    select
        workspace_id,
        conversation_id
    from listed
    union
    select
        workspace_id,
        conversation_id
    from messages

),

known as (

    select
        keys.workspace_id,
        keys.conversation_id,
        listed.title,
        listed.agent_type,
        listed.created_timestamp,
        listed.first_listed_at,
        listed.fetched_at as last_listed_at,
        activity.first_event_time,
        activity.last_event_time,
        coalesce(listed.space_id, activity.space_id, messages.space_id) as space_id,
        activity.conversation_key is not null as is_in_audit,
        listed.conversation_key is not null as is_in_listing,
        coalesce(activity.is_own, false) as is_own,
        coalesce(messages.message_count, 0) as message_count,
        coalesce(messages.fetched_count, 0) as fetched_count,
        coalesce(messages.gone_count, 0) as gone_count
    from keys
    left join activity
        on
            keys.workspace_id = activity.workspace_id
            and keys.conversation_id = activity.conversation_id
    left join listed
        on
            keys.workspace_id = listed.workspace_id
            and keys.conversation_id = listed.conversation_id
    left join messages
        on
            keys.workspace_id = messages.workspace_id
            and keys.conversation_id = messages.conversation_id

),

final as (

    select
        cast(known.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(workspaces.workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(known.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(known.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(known.title as {{ dbt.type_string() }}) as title,
        cast(known.agent_type as {{ dbt.type_string() }}) as agent_type,
        cast({{ timestamp_from_milliseconds('known.created_timestamp') }} as timestamp)
            as created_at,
        cast(known.is_in_audit as boolean) as is_in_audit,
        cast(known.is_in_listing as boolean) as is_in_listing,
        cast(known.is_own as boolean) as is_own,
        cast(known.message_count as bigint) as known_message_count,
        cast(known.fetched_count as bigint) as fetched_message_count,
        cast(known.gone_count as bigint) as gone_message_count,
        cast(known.first_event_time as timestamp) as first_event_time,
        cast(known.last_event_time as timestamp) as last_event_time,
        cast(known.first_listed_at as timestamp) as first_listed_at,
        cast(known.last_listed_at as timestamp) as last_listed_at,
        cast(greatest(conversation_deletions.deleted_at, space_deletions.deleted_at) as timestamp)
            as deleted_at
    from known
    left join deletions as conversation_deletions
        on
            known.workspace_id = conversation_deletions.workspace_id
            and known.conversation_id = conversation_deletions.conversation_id
    left join deletions as space_deletions
        on
            known.workspace_id = space_deletions.workspace_id
            and known.space_id = space_deletions.space_id
    left join {{ ref('silver_spaces') }} as spaces
        on
            known.workspace_id = spaces.workspace_id
            and known.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on known.workspace_id = workspaces.workspace_id

)

select * from final
