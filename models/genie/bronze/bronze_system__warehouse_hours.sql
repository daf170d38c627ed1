{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='warehouse_hour_key',
    full_refresh=keep_history(),
    indexes=postgres_indexes([['warehouse_hour_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['hour_start', 'workspace_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'warehouse_id', 'hour_start']) }} as warehouse_hour_key
    from {{ source('genie_raw', 'warehouse_hours') }}
    where
        {{ is_observed_workspace('workspace_id') }}
    {% if is_incremental() %}
        and {{ is_new_batch(with_purged=false) }}
    {% endif %}

),

numbered as (

    select
        *,
        row_number() over (
            partition by warehouse_hour_key
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

final as (

    select
        warehouse_hour_key,
        workspace_id,
        warehouse_id,
        hour_start,
        statement_count,
        total_task_duration_ms,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from numbered
    where age_rank = 1

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.warehouse_hour_key = final.warehouse_hour_key
            and kept.fetched_at > final.fetched_at
    )
{% endif %}
