{{ config(materialized='view') }}

{%- set grace = var('completeness_grace_hours') | int * 3600 %}

with messages as (

    select distinct workspace_id from {{ ref('silver_message_records') }}

),

-- a run fetches what was in the audit log, and known to dbt, before it began
runs as (

    select max(started_at) as started_at
    from {{ ref('bronze_genie__ingest_runs') }}
    where command = 'messages' and outcome in ('done', 'partial')

),

final as (

    select
        'rest' as feed_name,
        messages.workspace_id,
        timestamp '1970-01-01 00:00:00' as covered_from,
        {{ add_seconds('runs.started_at', -grace) }} as covered_until
    from messages
    cross join runs
    where runs.started_at is not null
    union all
    select
        'audit' as feed_name,
        workspace_id,
        min(event_time) as covered_from,
        {{ add_seconds(current_utc(), -grace) }} as covered_until
    from {{ ref('silver_events') }}
    group by workspace_id
    union all
    select
        'history' as feed_name,
        workspace_id,
        min(start_time) as covered_from,
        {{ add_seconds(current_utc(), -grace) }} as covered_until
    from {{ ref('bronze_system__query_statements') }}
    group by workspace_id

)

select * from final
