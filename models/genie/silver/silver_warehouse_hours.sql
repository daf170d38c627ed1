{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='warehouse_hour_key',
    indexes=postgres_indexes(
        [['warehouse_hour_key'], ['loaded_at'], ['workspace_id', 'usage_date']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{%- set columns = 'warehouse_hour_key, workspace_id, warehouse_id, hour_start' %}

with bills as (

    select * from {{ ref('silver_warehouse_bills') }}

),

work as (

    select * from {{ ref('silver_warehouse_work') }}

),

-- news may also tell that an hour will not be billed any more, or that nothing worked in it
touched as (

    {% for relation in ['bills', 'work'] %}
        select {{ columns }} from {{ relation }}
        {% if is_incremental() %}
            where {{ is_new_since_last_build() }}
        {% endif %}
        {{ 'union' if not loop.last }}
    {% endfor %}
    {% if is_incremental() %}
        union
        select {{ columns }} from {{ this }}
        where
            (record_count = 0 or (statement_count = 0 and cost_reason = 'other work unknown'))
            and (
                exists (select 1 from bills where {{ is_new_since_last_build() }})
                or exists (select 1 from work where {{ is_new_since_last_build() }})
            )
    {% endif %}

),

billed as (

    select
        workspace_id,
        max(usage_end_time) as billed_until
    from bills
    group by workspace_id

),

-- before it, an hour without a row is one without statements
known as (

    select
        workspace_id,
        max(hour_start) as known_until
    from work
    where is_all_work_known
    group by workspace_id

),

final as (

    select
        touched.warehouse_hour_key,
        touched.workspace_id,
        touched.warehouse_id,
        touched.hour_start,
        cast(touched.hour_start as date) as usage_date,
        coalesce(bills.record_count, 0) as record_count,
        bills.usage_quantity,
        bills.cost,
        coalesce(work.statement_count, 0) as statement_count,
        coalesce(work.total_task_duration_ms, 0) as total_task_duration_ms,
        case
            when bills.cost_reason is not null then bills.cost_reason
            when bills.record_count is null and billed.billed_until is null then 'no billing data'
            when
                bills.record_count is null
                and touched.hour_start
                >= billed.billed_until - interval '{{ var("bill_delay_hours") | int }}' hour
                then 'not billed yet'
            when bills.record_count is null then 'not billed'
            when
                not coalesce(
                    work.is_all_work_known, touched.hour_start < known.known_until, false
                )
                then 'other work unknown'
        end as cost_reason,
        {{ current_utc() }} as loaded_at
    from touched
    left join bills
        on touched.warehouse_hour_key = bills.warehouse_hour_key
    left join billed
        on touched.workspace_id = billed.workspace_id
    left join known
        on touched.workspace_id = known.workspace_id
    left join work
        on touched.warehouse_hour_key = work.warehouse_hour_key

)

select * from final
