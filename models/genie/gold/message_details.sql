{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['workspace_id', 'message_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['created_date', 'workspace_id']),
) }}

with versions as (

    select * from {{ ref('silver_message_versions') }}

),

messages as (

    select * from {{ ref('silver_messages') }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

statements as (

    select * from {{ ref('silver_message_statements') }}

),

error_types as (

    select * from {{ ref('genie_error_types') }}

),

changed_versions as (

    select versions.*
    from versions
    {% if is_incremental() %}
        left join {{ this }} as kept
            on versions.message_key = kept.message_key
        where
            kept.message_key is null
            or kept.source_loaded_at is distinct from versions.source_loaded_at
            or kept.api_fetch_timestamp is distinct from versions.last_attempt_at
            or kept.api_fetch_error is distinct from versions.fetch_error_message
            or kept.space_name is distinct from versions.space_name
            or kept.workspace_name is distinct from versions.workspace_name
    {% endif %}

),

final as (

    select
        cast(changed_versions.message_key as {{ dbt.type_string() }}) as message_key,
        cast(changed_versions.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(changed_versions.message_id as {{ dbt.type_string() }}) as message_id,
        cast(changed_versions.space_id as {{ dbt.type_string() }}) as space_id,
        cast(changed_versions.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(changed_versions.space_name as {{ dbt.type_string() }}) as space_name,
        cast(changed_versions.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(messages.user_id as {{ dbt.type_string() }}) as user_id,
        cast(activity.channel as {{ dbt.type_string() }}) as channel,
        cast(messages.content as {{ dbt.type_string() }}) as content,
        cast(messages.status as {{ dbt.type_string() }}) as status,
        cast(messages.error_type as {{ dbt.type_string() }}) as error_type,
        cast(case
            when messages.error_type is not null
                then coalesce(error_types.error_class, 'unknown')
        end as {{ dbt.type_string() }}) as error_class,
        cast(messages.error_message as {{ dbt.type_string() }}) as error_message,
        cast(messages.created_timestamp as bigint) as created_timestamp,
        cast(messages.updated_timestamp as bigint) as updated_timestamp,
        cast({{ timestamp_from_milliseconds('messages.created_timestamp') }} as date)
            as created_date,
        cast(
            (messages.updated_timestamp - messages.created_timestamp)
            / cast(1000 as {{ type_double() }}) as {{ type_double() }}
        ) as latency_seconds,
        cast(messages.auto_regenerate_count as bigint) as auto_regenerate_count,
        cast(
            coalesce(messages.feedback_rating, nullif(activity.feedback_rating, 'NONE'))
            as {{ dbt.type_string() }}
        ) as feedback_rating,
        cast(messages.feedback_comment as {{ dbt.type_string() }}) as feedback_comment,
        cast(statements.query_sql as {{ dbt.type_string() }}) as query_sql,
        cast(statements.query_description as {{ dbt.type_string() }}) as query_description,
        cast(statements.statement_id as {{ dbt.type_string() }}) as statement_id,
        cast(changed_versions.statement_count as bigint) as statement_count,
        cast(messages.attachments_count as bigint) as attachments_count,
        cast(messages.attachments_json as {{ dbt.type_string() }}) as attachments_json,
        cast(statements.execution_status as {{ dbt.type_string() }}) as query_execution_status,
        cast(statements.total_duration_ms as bigint) as query_duration_ms,
        cast(statements.start_time as timestamp) as query_start_time,
        cast(statements.end_time as timestamp) as query_end_time,
        cast(statements.warehouse_id as {{ dbt.type_string() }}) as query_warehouse_id,
        cast(statements.read_rows as bigint) as query_read_rows,
        cast(statements.read_bytes as bigint) as query_read_bytes,
        cast(statements.error_message as {{ dbt.type_string() }}) as query_error_message,
        cast(changed_versions.last_attempt_at as timestamp) as api_fetch_timestamp,
        cast(coalesce(changed_versions.fetch_error_type, 'SUCCESS') as {{ dbt.type_string() }})
            as api_fetch_status,
        cast(changed_versions.fetch_error_message as {{ dbt.type_string() }}) as api_fetch_error,
        cast(messages.fetched_at as timestamp) as ingestion_timestamp,
        cast(messages.batch_id as {{ dbt.type_string() }}) as ingestion_batch_id,
        cast(changed_versions.source_loaded_at as timestamp) as source_loaded_at
    from changed_versions
    left join messages
        on changed_versions.message_key = messages.message_key
    left join activity
        on changed_versions.message_key = activity.message_key
    left join statements
        on
            changed_versions.message_key = statements.message_key
            and statements.is_final
    left join error_types
        on messages.error_type = error_types.error_type

)

select * from final
