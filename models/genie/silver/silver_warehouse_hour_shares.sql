{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='warehouse_hour_key',
    indexes=postgres_indexes(
        [['warehouse_hour_key'], ['loaded_at'], ['workspace_id', 'usage_date']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

with hours as (

    select * from {{ ref('silver_warehouse_hours') }}

),

statement_costs as (

    select * from {{ ref('silver_statement_costs') }}
    where warehouse_hour_key is not null

),

touched as (

    select warehouse_hour_key
    from hours
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}
    union
    select warehouse_hour_key
    from statement_costs
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

genie as (

    select
        statement_costs.warehouse_hour_key,
        sum(case when not statement_costs.is_authoring then statement_costs.cost end)
            as message_cost,
        sum(case when statement_costs.is_authoring then statement_costs.cost end)
            as authoring_cost,
        sum(statement_costs.total_task_duration_ms) as task_duration_ms
    from statement_costs
    inner join touched
        on statement_costs.warehouse_hour_key = touched.warehouse_hour_key
    group by statement_costs.warehouse_hour_key

),

joined as (

    select
        hours.*,
        genie.message_cost,
        genie.authoring_cost,
        greatest(
            hours.total_task_duration_ms - cast(coalesce(genie.task_duration_ms, 0) as bigint), 0
        ) as other_task_duration_ms
    from hours
    inner join touched
        on hours.warehouse_hour_key = touched.warehouse_hour_key
    left join genie
        on hours.warehouse_hour_key = genie.warehouse_hour_key

),

-- an hour that is billed and in which nothing worked is idle; minutes around work are the work's
final as (

    select
        warehouse_hour_key,
        workspace_id,
        warehouse_id,
        hour_start,
        usage_date,
        cost as billed_cost,
        cast(coalesce(message_cost, 0) as decimal(18, 9)) as message_cost,
        cast(coalesce(authoring_cost, 0) as decimal(18, 9)) as authoring_cost,
        cast(
            coalesce(
                {{ prorated('cost', 'other_task_duration_ms', 'total_task_duration_ms') }}, 0
            ) as decimal(18, 9)
        ) as other_cost,
        cast(
            case when total_task_duration_ms = 0 then coalesce(cost, 0) else 0 end as decimal(18, 9)
        ) as idle_cost,
        cost_reason,
        {{ current_utc() }} as loaded_at
    from joined

)

select * from final
