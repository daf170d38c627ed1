{{ config(materialized='view') }}

with events as (

    select * from {{ ref('silver_events') }}

),

work_list as (

    select * from {{ ref('genie_messages_to_fetch') }}

),

runs as (

    select
        *,
        row_number() over (
            order by coalesce(started_at, finished_at) desc nulls last, run_id desc
        ) as age_rank
    from {{ ref('bronze_genie__ingest_runs') }}
    where command = 'messages'

),

event_counts as (

    select
        count(*) as event_count,
        count(case when family = 'ask' and not is_failed then 1 end) as ask_count,
        count(case when family = 'unknown' then 1 end) as unknown_action_count,
        max(event_time) as audit_watermark
    from events

),

message_counts as (

    select
        count(*) as message_count,
        count(case when last_fetched_at is not null then 1 end) as fetched_count,
        count(case when last_fetched_at is not null and event_time is null then 1 end)
            as unlogged_message_count,
        count(case when fetch_state = 'gone' then 1 end) as gone_count,
        count(case when fetch_state = 'gave_up' then 1 end) as gave_up_count,
        count(case when fetch_state = 'waiting' then 1 end) as waiting_count,
        count(case when fetch_state = 'out_of_scope' then 1 end) as out_of_scope_count,
        count(case when is_due then 1 end) as due_count,
        count(case
            when last_fetched_at is null and fetch_state not in ('gone', 'out_of_scope') then 1
        end) as missing_count,
        min(case
            when fetch_state in ('new', 'unsettled', 'changed', 'retry', 'waiting') then event_time
        end) as oldest_unsettled_event_time
    from work_list

),

run_counts as (

    select
        max(case when outcome <> 'died' then finished_at end) as last_ingest_at,
        max(case when age_rank = 1 then coalesce(outcome, 'running') end) as last_ingest_outcome,
        coalesce(sum(api_calls), 0) as api_call_count,
        coalesce(sum(row_count), 0) as fetch_count
    from runs

),

final as (

    select
        cast(event_counts.event_count as bigint) as event_count,
        cast(event_counts.ask_count as bigint) as ask_count,
        cast(event_counts.unknown_action_count as bigint) as unknown_action_count,
        cast(message_counts.message_count as bigint) as message_count,
        cast(message_counts.fetched_count as bigint) as fetched_count,
        cast(message_counts.unlogged_message_count as bigint) as unlogged_message_count,
        cast(message_counts.due_count as bigint) as due_count,
        cast(message_counts.waiting_count as bigint) as waiting_count,
        cast(message_counts.gone_count as bigint) as gone_count,
        cast(message_counts.gave_up_count as bigint) as gave_up_count,
        cast(message_counts.out_of_scope_count as bigint) as out_of_scope_count,
        cast(message_counts.missing_count as bigint) as missing_count,
        cast({{ var('days_lookback') }} as bigint) as configured_lookback_days,
        cast({{ var('content_retention_days') or 'null' }} as bigint) as content_retention_days,
        cast(event_counts.audit_watermark as timestamp) as audit_watermark,
        cast(run_counts.last_ingest_at as timestamp) as last_ingest_at,
        cast(run_counts.last_ingest_outcome as {{ dbt.type_string() }}) as last_ingest_outcome,
        cast(run_counts.api_call_count as bigint) as api_call_count,
        cast(
            run_counts.api_call_count
            / cast(nullif(run_counts.fetch_count, 0) as {{ type_double() }}) as {{ type_double() }}
        ) as api_calls_per_message,
        cast(message_counts.oldest_unsettled_event_time as timestamp)
            as oldest_unsettled_event_time,
        cast(case
            when event_counts.event_count = 0 then 'empty'
            when run_counts.last_ingest_at is null then 'never ingested'
            when message_counts.gave_up_count > 0 then 'gave up on some'
            when message_counts.due_count > 0 then 'behind'
            when message_counts.waiting_count > 0 then 'waiting'
            else 'complete'
        end as {{ dbt.type_string() }}) as verdict
    from event_counts
    cross join message_counts
    cross join run_counts

)

select * from final
