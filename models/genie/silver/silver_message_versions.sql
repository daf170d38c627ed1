{{ config(materialized='view') }}

with fetches as (

    select * from {{ ref('silver_message_fetches') }}

),

messages as (

    select * from {{ ref('silver_messages') }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

statements as (

    select * from {{ ref('silver_message_statements') }}

),

spaces as (

    select * from {{ ref('silver_spaces') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

statement_counts as (

    select
        message_key,
        count(*) as statement_count,
        max(query_loaded_at) as query_loaded_at
    from statements
    group by message_key

),

final as (

    select
        {{ surrogate_key(['fetches.workspace_id', 'fetches.message_id']) }} as message_key,
        fetches.workspace_id,
        fetches.message_id,
        spaces.title as space_name,
        workspaces.workspace_name,
        fetches.last_attempt_at,
        fetches.error_type as fetch_error_type,
        fetches.error_message as fetch_error_message,
        coalesce(messages.space_id, fetches.space_id) as space_id,
        coalesce(messages.conversation_id, fetches.conversation_id) as conversation_id,
        coalesce(statement_counts.statement_count, 0) as statement_count,
        greatest(messages.loaded_at, activity.loaded_at, statement_counts.query_loaded_at)
            as source_loaded_at
    from fetches
    left join messages
        on
            fetches.workspace_id = messages.workspace_id
            and fetches.message_id = messages.message_id
    left join activity
        on
            fetches.workspace_id = activity.workspace_id
            and fetches.message_id = activity.message_id
    left join statement_counts
        on messages.message_key = statement_counts.message_key
    left join spaces
        on
            fetches.workspace_id = spaces.workspace_id
            and coalesce(messages.space_id, fetches.space_id) = spaces.space_id
    left join workspaces
        on fetches.workspace_id = workspaces.workspace_id

)

select * from final
