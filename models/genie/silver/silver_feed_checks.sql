{{ config(materialized='view') }}

with messages as (

    select * from {{ ref('silver_message_records') }}

),

statements as (

    select * from {{ ref('silver_message_statements') }}
    where statement_id is not null

),

claimed as (

    select distinct
        workspace_id,
        statement_id
    from statements

),

query_statements as (

    select * from {{ ref('bronze_system__query_statements') }}
    where space_id is not null and {{ is_observed_space('workspace_id', 'space_id') }}

),

checked as (

    select
        'audit_to_rest' as check_name,
        'rest' as feed_name,
        workspace_id,
        space_id,
        message_id as checked_id,
        asked_at,
        is_fetched as is_found,
        excuse
    from messages
    where is_asked
    union all
    select
        'rest_to_audit' as check_name,
        'audit' as feed_name,
        workspace_id,
        space_id,
        message_id as checked_id,
        asked_at,
        is_asked as is_found,
        null as excuse
    from messages
    where is_fetched
    union all
    select
        'rest_to_history' as check_name,
        'history' as feed_name,
        workspace_id,
        space_id,
        attachment_key as checked_id,
        {{ timestamp_from_milliseconds('created_timestamp') }} as asked_at,
        query_loaded_at is not null as is_found,
        null as excuse
    from statements
    union all
    select
        'history_to_rest' as check_name,
        'rest' as feed_name,
        query_statements.workspace_id,
        query_statements.space_id,
        query_statements.statement_id as checked_id,
        query_statements.start_time as asked_at,
        claimed.statement_id is not null as is_found,
        'may be authoring' as excuse
    from query_statements
    left join claimed
        on
            query_statements.workspace_id = claimed.workspace_id
            and query_statements.statement_id = claimed.statement_id

),

final as (

    select
        checked.check_name,
        checked.workspace_id,
        checked.space_id,
        checked.checked_id,
        checked.asked_at,
        case
            when checked.is_found then 'found'
            when checked.excuse is not null then checked.excuse
            when bounds.covered_from is null then 'other side is empty'
            when checked.asked_at < bounds.covered_from then 'before the other side begins'
            when checked.asked_at > bounds.covered_until then 'too recent'
            else 'missing'
        end as result
    from checked
    left join {{ ref('silver_feed_bounds') }} as bounds
        on
            checked.feed_name = bounds.feed_name
            and checked.workspace_id = bounds.workspace_id

)

select * from final
