{{ config(materialized='view') }}

with statement_hours as (

    select * from {{ ref('bronze_system__statement_hours') }}

),

landed_hours as (

    select * from {{ ref('bronze_system__warehouse_hours') }}

),

-- a landing may hold Genie's statements only: the hour as query history summed it up knows the rest
final as (

    select
        coalesce(statement_hours.warehouse_hour_key, landed_hours.warehouse_hour_key)
            as warehouse_hour_key,
        coalesce(statement_hours.workspace_id, landed_hours.workspace_id) as workspace_id,
        coalesce(statement_hours.warehouse_id, landed_hours.warehouse_id) as warehouse_id,
        coalesce(statement_hours.hour_start, landed_hours.hour_start) as hour_start,
        greatest(
            coalesce(statement_hours.statement_count, 0), coalesce(landed_hours.statement_count, 0)
        ) as statement_count,
        greatest(
            coalesce(statement_hours.total_task_duration_ms, 0),
            coalesce(landed_hours.total_task_duration_ms, 0)
        ) as total_task_duration_ms,
        landed_hours.warehouse_hour_key is not null
        or statement_hours.other_statement_count > 0
        or statement_hours.batch_id = 'in place' as is_all_work_known,
        greatest(statement_hours.loaded_at, landed_hours.loaded_at) as loaded_at
    from statement_hours
    full outer join landed_hours
        on statement_hours.warehouse_hour_key = landed_hours.warehouse_hour_key

)

select * from final
