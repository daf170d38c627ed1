{{ config(materialized='view') }}

with messages as (

    select * from {{ ref('silver_messages') }}

),

attachments as (

    select * from {{ ref('silver_message_attachments') }}
    where attachment_kind = 'query'

),

query_statements as (

    select * from {{ ref('bronze_system__query_statements') }}

),

-- a message that was fetched again may have fewer attachments: only those of its last payload count
joined as (

    select
        attachments.*,
        messages.space_id,
        messages.conversation_id,
        messages.created_timestamp,
        query_statements.warehouse_id,
        query_statements.execution_status,
        query_statements.error_message,
        query_statements.total_duration_ms,
        query_statements.waiting_for_compute_duration_ms,
        query_statements.waiting_at_capacity_duration_ms,
        query_statements.compilation_duration_ms,
        query_statements.execution_duration_ms,
        query_statements.result_fetch_duration_ms,
        query_statements.read_rows,
        query_statements.read_bytes,
        query_statements.start_time,
        query_statements.end_time,
        query_statements.loaded_at as query_loaded_at,
        coalesce(query_statements.execution_status in ('FAILED', 'CANCELED'), false)
            as is_known_failed
    from attachments
    inner join messages
        on
            attachments.message_key = messages.message_key
            and attachments.fetched_at = messages.fetched_at
    left join query_statements
        on
            attachments.workspace_id = query_statements.workspace_id
            and attachments.statement_id = query_statements.statement_id

),

numbered as (

    select
        *,
        row_number() over (
            partition by message_key order by attachment_position
        ) as statement_number,
        max(greatest(loaded_at, query_loaded_at)) over (
            partition by message_key
        ) as source_loaded_at,
        row_number() over (
            partition by message_key
            order by case when is_known_failed then 1 else 0 end, attachment_position desc
        ) as final_rank
    from joined

),

final as (

    select
        attachment_key,
        message_key,
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        attachment_id,
        statement_id,
        cast(statement_number as bigint) as statement_number,
        created_timestamp,
        query_sql,
        query_title,
        query_description,
        result_row_count,
        warehouse_id,
        execution_status,
        error_message,
        total_duration_ms,
        waiting_for_compute_duration_ms,
        waiting_at_capacity_duration_ms,
        compilation_duration_ms,
        execution_duration_ms,
        result_fetch_duration_ms,
        read_rows,
        read_bytes,
        start_time,
        end_time,
        query_loaded_at,
        fetched_at,
        source_loaded_at,
        final_rank = 1 as is_final
    from numbered

)

select * from final
