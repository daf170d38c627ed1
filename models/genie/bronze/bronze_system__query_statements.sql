{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='statement_key',
    full_refresh=keep_history(),
    post_hook="{{ purge_texts(this, 'coalesce(start_time, fetched_at)', ['error_message']) }}",
    indexes=postgres_indexes([['statement_key'], ['workspace_id', 'statement_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['start_date', 'workspace_id']),
) }}

{%- set columns = {
    'workspace_id': 'string', 'statement_id': 'string', 'execution_status': 'string',
    'error_message': 'string', 'statement_type': 'string', 'client_application': 'string',
    'executed_by': 'string', 'start_time': 'timestamp', 'end_time': 'timestamp',
    'update_time': 'timestamp', 'total_duration_ms': 'bigint',
    'waiting_for_compute_duration_ms': 'bigint', 'waiting_at_capacity_duration_ms': 'bigint',
    'compilation_duration_ms': 'bigint', 'execution_duration_ms': 'bigint',
    'result_fetch_duration_ms': 'bigint', 'total_task_duration_ms': 'bigint',
    'read_rows': 'bigint', 'read_bytes': 'bigint', 'produced_rows': 'bigint',
    'query_source': 'struct<genie_space_id: string>', 'compute': 'struct<warehouse_id: string>',
} %}
{%- set history = system_relation(source('system_query', 'history'), columns) %}

with history as (

    select
        *,
        {{ map_document('query_source') }} as query_source_document,
        {{ map_document('compute') }} as compute_document
    from (
        select
            {{ system_columns(history, columns) }},
            {{ landing_columns() }}
        from {{ history }}
    ) as landed
    where
        statement_id is not null
        and {{ is_observed_workspace('workspace_id') }}
        and {{ is_new_system_row('start_time') }}
    {{ parse_fence() }}

),

flattened as (

    select
        *,
        {{ struct_value('query_source_document', 'genie_space_id') }} as space_id,
        {{ struct_value('compute_document', 'warehouse_id') }} as warehouse_id
    from history

),

numbered as (

    select
        *,
        row_number() over (
            partition by workspace_id, statement_id
            order by update_time desc nulls last, fetched_at desc, batch_id desc
        ) as age_rank
    from flattened
    where {{ is_genie_statement('query_source_document', 'client_application') }}

),

final as (

    select
        {{ surrogate_key(['workspace_id', 'statement_id']) }} as statement_key,
        workspace_id,
        statement_id,
        space_id,
        warehouse_id,
        execution_status,
        error_message,
        statement_type,
        client_application,
        executed_by as user_email,
        total_duration_ms,
        waiting_for_compute_duration_ms,
        waiting_at_capacity_duration_ms,
        compilation_duration_ms,
        execution_duration_ms,
        result_fetch_duration_ms,
        total_task_duration_ms,
        read_rows,
        read_bytes,
        produced_rows,
        start_time,
        end_time,
        update_time,
        cast(start_time as date) as start_date,
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
            kept.statement_key = final.statement_key
            and kept.update_time >= final.update_time
    )
{% endif %}
