{{ config(materialized='view') }}

{%- set grace = var('completeness_grace_hours') | int * 3600 %}

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

-- a run fetches what was in the audit log, and known to dbt, before it began
rest_bounds as (

    select
        case when max(started_at) is not null then timestamp '1970-01-01 00:00:00' end
            as covered_from,
        {{ add_seconds('max(started_at)', -grace) }} as covered_until
    from {{ ref('bronze_genie__ingest_runs') }}
    where command = 'messages' and outcome in ('done', 'partial')

),

audit_bounds as (

    select
        workspace_id,
        min(event_time) as covered_from,
        {{ add_seconds(current_utc(), -grace) }} as covered_until
    from {{ ref('silver_events') }}
    group by workspace_id

),

history_bounds as (

    select
        workspace_id,
        min(start_time) as covered_from,
        {{ add_seconds(current_utc(), -grace) }} as covered_until
    from {{ ref('bronze_system__query_statements') }}
    group by workspace_id

),

checked as (

    select
        'audit_to_rest' as check_name,
        messages.workspace_id,
        messages.space_id,
        messages.message_id as checked_id,
        messages.asked_at,
        messages.is_fetched as is_found,
        messages.excuse,
        rest_bounds.covered_from,
        rest_bounds.covered_until
    from messages
    cross join rest_bounds
    where messages.is_asked
    union all
    select
        'rest_to_audit' as check_name,
        messages.workspace_id,
        messages.space_id,
        messages.message_id as checked_id,
        messages.asked_at,
        messages.is_asked as is_found,
        null as excuse,
        audit_bounds.covered_from,
        audit_bounds.covered_until
    from messages
    left join audit_bounds
        on messages.workspace_id = audit_bounds.workspace_id
    where messages.is_fetched
    union all
    select
        'rest_to_history' as check_name,
        statements.workspace_id,
        statements.space_id,
        statements.attachment_key as checked_id,
        {{ timestamp_from_milliseconds('statements.created_timestamp') }} as asked_at,
        statements.query_loaded_at is not null as is_found,
        null as excuse,
        history_bounds.covered_from,
        history_bounds.covered_until
    from statements
    left join history_bounds
        on statements.workspace_id = history_bounds.workspace_id
    union all
    select
        'history_to_rest' as check_name,
        query_statements.workspace_id,
        query_statements.space_id,
        query_statements.statement_id as checked_id,
        query_statements.start_time as asked_at,
        claimed.statement_id is not null as is_found,
        'may be authoring' as excuse,
        history_bounds.covered_from,
        history_bounds.covered_until
    from query_statements
    left join claimed
        on
            query_statements.workspace_id = claimed.workspace_id
            and query_statements.statement_id = claimed.statement_id
    left join history_bounds
        on query_statements.workspace_id = history_bounds.workspace_id

),

final as (

    select
        check_name,
        workspace_id,
        space_id,
        checked_id,
        asked_at,
        case
            when is_found then 'found'
            when excuse is not null then excuse
            when covered_from is null then 'other side is empty'
            when asked_at < covered_from then 'before the other side begins'
            when asked_at > covered_until then 'too recent'
            else 'missing'
        end as result
    from checked

)

select * from final
