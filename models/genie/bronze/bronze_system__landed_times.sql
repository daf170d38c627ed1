{{ config(materialized='view') }}

-- landing is read itself, not the models above it: a second load needs no build in between
with audit as (

    select
        max(event_time) as newest_at,
        max(fetched_at) as landed_at
    from {{ source('genie_raw', 'audit') }}

),

query_history as (

    select
        max(start_time) as newest_at,
        max(fetched_at) as landed_at
    from {{ source('genie_raw', 'query_history') }}

),

warehouse_hours as (

    select
        max(hour_start) as newest_at,
        max(fetched_at) as landed_at
    from {{ source('genie_raw', 'warehouse_hours') }}

),

billing_usage as (

    select
        max(usage_start_time) as newest_at,
        max(fetched_at) as landed_at
    from {{ source('genie_raw', 'billing_usage') }}

),

final as (

    select
        'audit' as table_name,
        newest_at,
        landed_at
    from audit
    union all
    select
        'query_history' as table_name,
        newest_at,
        landed_at
    from query_history
    union all
    select
        'warehouse_hours' as table_name,
        newest_at,
        landed_at
    from warehouse_hours
    union all
    select
        'billing_usage' as table_name,
        newest_at,
        landed_at
    from billing_usage
    union all
    -- these two are read whole
    select
        'workspaces' as table_name,
        cast(null as timestamp) as newest_at,
        cast(null as timestamp) as landed_at
    union all
    select
        'list_prices' as table_name,
        cast(null as timestamp) as newest_at,
        cast(null as timestamp) as landed_at

)

select * from final
