{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='statement_key',
    indexes=postgres_indexes(
        [['statement_key'], ['message_key'], ['loaded_at'], ['warehouse_hour_key']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

with statements as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'warehouse_id', "date_trunc('hour', start_time)"]) }}
            as warehouse_hour_key
    from {{ ref('bronze_system__query_statements') }}

),

statement_messages as (

    select * from {{ ref('silver_statement_messages') }}

),

hours as (

    select * from {{ ref('silver_warehouse_hours') }}

),

touched as (

    select statement_key
    from statements
    {% if is_incremental() %}
        where
            {{ is_new_since_last_build() }}
            or warehouse_hour_key in (
                select hours.warehouse_hour_key from hours where {{ is_new_since_last_build() }}
            )
    {% endif %}
    union
    select statement_key
    from statement_messages
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

joined as (

    select
        touched.statement_key,
        statement_messages.message_key,
        statements.user_email,
        statements.warehouse_id,
        statements.warehouse_hour_key,
        statements.start_time,
        statements.total_task_duration_ms,
        hours.cost as hour_cost,
        hours.total_task_duration_ms as hour_task_duration_ms,
        coalesce(statements.workspace_id, statement_messages.workspace_id) as workspace_id,
        coalesce(statements.statement_id, statement_messages.statement_id) as statement_id,
        coalesce(statements.space_id, statement_messages.space_id) as space_id,
        cast(
            coalesce(
                statements.start_time,
                {{ timestamp_from_milliseconds('statement_messages.created_timestamp') }}
            ) as date
        ) as usage_date,
        case
            when statements.statement_key is null then 'no query history'
            when statements.warehouse_id is null then 'no warehouse'
            when statements.total_task_duration_ms is null then 'no task time'
            when hours.warehouse_hour_key is null then 'no billing data'
            else hours.cost_reason
        end as cost_reason
    from touched
    left join statements
        on touched.statement_key = statements.statement_key
    left join statement_messages
        on touched.statement_key = statement_messages.statement_key
    left join hours
        on statements.warehouse_hour_key = hours.warehouse_hour_key

),

final as (

    select
        statement_key,
        workspace_id,
        statement_id,
        space_id,
        message_key,
        user_email,
        warehouse_id,
        warehouse_hour_key,
        start_time,
        usage_date,
        total_task_duration_ms,
        -- a statement without work costs nothing, also in an hour without any
        cast(
            case
                when total_task_duration_ms = 0 and hour_cost is not null then 0
                when warehouse_id is not null and total_task_duration_ms is not null
                    then {{ prorated(
                        'hour_cost',
                        'least(total_task_duration_ms, hour_task_duration_ms)',
                        'hour_task_duration_ms'
                    ) }}
            end as decimal(18, 9)
        ) as cost,
        {{ cost_status('cost_reason') }} as cost_status,
        cost_reason,
        message_key is null as is_authoring,
        {{ current_utc() }} as loaded_at
    from joined

)

select * from final
