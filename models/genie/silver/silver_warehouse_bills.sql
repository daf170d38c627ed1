{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='warehouse_hour_key',
    indexes=postgres_indexes([['warehouse_hour_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['hour_start', 'workspace_id']),
) }}

with usage as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'warehouse_id', 'hour_start']) }} as warehouse_hour_key
    from {{ ref('silver_usage_costs') }}
    where cost_stream = 'warehouse'

),

touched as (

    select distinct warehouse_hour_key
    from usage
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

final as (

    select
        usage.warehouse_hour_key,
        usage.workspace_id,
        usage.warehouse_id,
        usage.hour_start,
        cast(count(*) as bigint) as record_count,
        cast(count(usage.cost) as bigint) as priced_count,
        cast(sum(usage.usage_quantity) as decimal(20, 10)) as usage_quantity,
        cast(sum(usage.cost) as decimal(18, 9)) as cost,
        max(usage.usage_end_time) as usage_end_time,
        case
            when count(usage.cost) = 0 then 'no list price'
            when count(usage.cost) < count(*) then 'part has no list price'
            else max(usage.cost_reason)
        end as cost_reason,
        {{ current_utc() }} as loaded_at
    from usage
    inner join touched
        on usage.warehouse_hour_key = touched.warehouse_hour_key
    group by
        usage.warehouse_hour_key,
        usage.workspace_id,
        usage.warehouse_id,
        usage.hour_start

)

select * from final
