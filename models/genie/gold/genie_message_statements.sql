{{ config(materialized='view') }}

with statements as (

    select * from {{ ref('silver_message_statements') }}

),

-- what query history can hold at all: it begins somewhere, and ends where it was last read
history as (

    select
        workspace_id,
        {{ microseconds('min(start_time)') }} as first_start,
        {{ microseconds('max(start_time)') }} as last_start
    from {{ ref('bronze_system__query_statements') }}
    group by workspace_id

),

final as (

    select
        {%- for name in [
            'attachment_key', 'message_key', 'workspace_id', 'space_id', 'conversation_id',
            'message_id', 'attachment_id', 'statement_id'
        ] %}
            cast(statements.{{ name }} as {{ dbt.type_string() }}) as {{ name }},
        {%- endfor %}
        cast(statements.statement_number as bigint) as statement_number,
        cast(statements.is_final as boolean) as is_final,
        cast({{ timestamp_from_milliseconds('statements.created_timestamp') }} as timestamp)
            as asked_at,
        cast(case
            when statements.query_loaded_at is not null then 'found'
            when statements.statement_id is null then 'no_statement_id'
            when history.workspace_id is null then 'no_query_history'
            when statements.created_timestamp * 1000 < history.first_start then 'before_history'
            when statements.created_timestamp * 1000 > history.last_start then 'after_history'
            else 'missing'
        end as {{ dbt.type_string() }}) as history_status,
        cast(statements.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(statements.execution_status as {{ dbt.type_string() }}) as execution_status,
        cast(statements.start_time as timestamp) as start_time,
        cast(statements.end_time as timestamp) as end_time,
        {%- for name in [
            'total_duration_ms', 'waiting_for_compute_duration_ms',
            'waiting_at_capacity_duration_ms', 'compilation_duration_ms', 'execution_duration_ms',
            'result_fetch_duration_ms', 'read_rows', 'read_bytes'
        ] %}
            cast(statements.{{ name }} as bigint) as {{ name }},
        {%- endfor %}
        cast(statements.result_row_count as bigint) as result_row_count
    from statements
    left join history
        on statements.workspace_id = history.workspace_id

)

select * from final
