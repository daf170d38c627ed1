{{ config(materialized='view') }}

-- what freshness looks at: when something was loaded, a copy of known rows too
with loads as (

    select
        table_name as feed_name,
        landed_at
    from {{ ref('bronze_system__landed_times') }}
    where table_name in ('audit', 'query_history')
    union all
    select
        command as feed_name,
        max(finished_at) as landed_at
    from {{ ref('bronze_genie__ingest_runs') }}
    where command in ('messages', 'conversations') and outcome in ('done', 'partial')
    group by command

),

events as (

    select
        'audit' as feed_name,
        max(event_time) as newest_event_at,
        max(fetched_at) as stored_at
    from {{ ref('bronze_system__audit_events') }}
    union all
    select
        'query_history' as feed_name,
        max(start_time) as newest_event_at,
        max(fetched_at) as stored_at
    from {{ ref('bronze_system__query_statements') }}
    union all
    select
        'messages' as feed_name,
        {{ timestamp_from_milliseconds('max(created_timestamp)') }} as newest_event_at,
        max(fetched_at) as stored_at
    from {{ ref('silver_messages') }}
    union all
    select
        'conversations' as feed_name,
        {{ timestamp_from_milliseconds('max(created_timestamp)') }} as newest_event_at,
        max(fetched_at) as stored_at
    from {{ ref('silver_conversations') }}

),

timed as (

    select
        events.feed_name,
        events.newest_event_at,
        greatest(events.stored_at, loads.landed_at) as newest_load_at,
        {{ add_seconds(current_utc(), -3600 * var('feed_stale_hours') | int) }} as stale_before,
        {{ add_seconds(current_utc(), -3600 * var('feed_quiet_hours') | int) }} as quiet_before
    from events
    left join loads
        on events.feed_name = loads.feed_name

),

judged as (

    select
        *,
        case
            when newest_event_at is null then 'empty'
            when newest_load_at < stale_before then 'stale'
            when newest_event_at < quiet_before then 'falsely green'
            else 'fresh'
        end as verdict
    from timed

),

final as (

    select
        cast(feed_name as {{ dbt.type_string() }}) as feed_name,
        cast(newest_event_at as timestamp) as newest_event_at,
        cast(newest_load_at as timestamp) as newest_load_at,
        cast(verdict = 'falsely green' as boolean) as is_falsely_green,
        cast(verdict as {{ dbt.type_string() }}) as verdict
    from judged

)

select * from final
