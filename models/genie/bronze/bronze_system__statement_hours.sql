{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='warehouse_hour_key',
    full_refresh=keep_history(),
    indexes=postgres_indexes([['warehouse_hour_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['hour_start', 'workspace_id']),
) }}

{%- set columns = {
    'workspace_id': 'string', 'statement_id': 'string', 'client_application': 'string',
    'start_time': 'timestamp', 'update_time': 'timestamp', 'total_task_duration_ms': 'bigint',
    'compute': 'struct<warehouse_id: string>', 'query_source': 'struct<genie_space_id: string>',
} %}
{%- set history = system_relation(source('system_query', 'history'), columns) %}

with landed as (

    select
        *,
        {{ map_document('query_source') }} as query_source_document,
        {{ map_document('compute') }} as compute_document
    from (
        select
            {{ system_columns(history, columns) }},
            {{ landing_columns() }}
        from {{ history }}
    ) as received
    where
        statement_id is not null
        and {{ is_observed_workspace('workspace_id') }}
        and {{ is_in_new_hour(history, 'start_time') }}
    {{ parse_fence() }}

),

numbered as (

    select
        *,
        {{ struct_value('compute_document', 'warehouse_id') }} as warehouse_id,
        {{ is_genie_statement('query_source_document', 'client_application') }} as is_genie,
        row_number() over (
            partition by workspace_id, statement_id
            order by update_time desc nulls last, fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

summed as (

    select
        workspace_id,
        warehouse_id,
        cast(count(*) as bigint) as statement_count,
        cast(count(case when not is_genie then 1 end) as bigint) as other_statement_count,
        cast(sum(coalesce(total_task_duration_ms, 0)) as bigint) as total_task_duration_ms,
        date_trunc('hour', start_time) as hour_start,
        max(fetched_at) as fetched_at,
        max(batch_id) as batch_id
    from numbered
    where age_rank = 1 and warehouse_id is not null and start_time is not null
    group by workspace_id, warehouse_id, date_trunc('hour', start_time)

),

final as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'warehouse_id', 'hour_start']) }} as warehouse_hour_key,
        {{ current_utc() }} as loaded_at
    from summed

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.warehouse_hour_key = final.warehouse_hour_key
            and kept.statement_count = final.statement_count
            and kept.total_task_duration_ms = final.total_task_duration_ms
            and kept.batch_id = final.batch_id
    )
{% endif %}
