{{ config(materialized='view') }}

{%- set workspace_ids = var('genie_workspace_ids') | join(',') %}

with landed_times as (

    select * from {{ ref('bronze_system__landed_times') }}

),

-- a sweep of one workspace is none of them all
sweeps as (

    select
        resource_id as table_name,
        max(fetched_at) as last_swept_at
    from {{ ref('bronze_genie__fetch_attempts') }}
    where
        resource = 'system_table_sweep'
        and outcome = 'fetched'
        and workspace_id is null
    group by resource_id

),

timed as (

    select
        landed_times.table_name,
        landed_times.newest_at,
        sweeps.last_swept_at,
        {{ current_utc() }} as checked_at
    from landed_times
    left join sweeps
        on landed_times.table_name = sweeps.table_name

),

bounded as (

    select
        *,
        newest_at - interval '{{ var("lookback_minutes") | int }}' minute as overlap_from,
        checked_at - interval '{{ var("days_lookback") | int }}' day as lookback_from
    from timed

),

final as (

    select
        cast(table_name as {{ dbt.type_string() }}) as table_name,
        cast(
            nullif('{{ workspace_ids }}', '') as {{ dbt.type_string() }}
        ) as workspace_ids,
        coalesce(
            cast(last_swept_at as date) < cast(checked_at as date), true
        ) as is_sweep_due,
        cast(newest_at as timestamp) as watermark_at,
        cast(coalesce(overlap_from, lookback_from) as timestamp) as read_from,
        -- after a long outage the watermark is the older one
        cast(least(coalesce(overlap_from, lookback_from), lookback_from) as timestamp)
            as sweep_from,
        cast(last_swept_at as timestamp) as last_swept_at
    from bounded

)

select * from final
