{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

{%- set phases = {
    'waiting_for_compute_ms': 'waiting_for_compute_duration_ms',
    'queue_ms': 'waiting_at_capacity_duration_ms',
    'compilation_ms': 'compilation_duration_ms',
    'execution_ms': 'execution_duration_ms',
    'result_fetch_ms': 'result_fetch_duration_ms',
} %}

with attachments as (

    select * from {{ ref('silver_message_attachments') }}
    where attachment_kind = 'query'

),

messages as (

    select * from {{ ref('silver_messages') }}

),

query_statements as (

    select
        *,
        cast(floor({{ microseconds('start_time') }} / cast(1000 as {{ type_double() }})) as bigint)
            as start_ms,
        cast(floor({{ microseconds('end_time') }} / cast(1000 as {{ type_double() }})) as bigint)
            as end_ms
    from {{ ref('bronze_system__query_statements') }}

),

touched as (

    select message_key
    from attachments
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}
    union
    select attachments.message_key
    from attachments
    inner join query_statements
        on
            attachments.workspace_id = query_statements.workspace_id
            and attachments.statement_id = query_statements.statement_id
    {% if is_incremental() %}
        where {{ is_new_since_last_build('query_statements.loaded_at') }}
    {% endif %}

),

spans as (

    select
        attachments.message_key,
        attachments.workspace_id,
        attachments.message_id,
        attachments.attachment_position,
        attachments.fetched_at,
        {%- for column in phases.values() %}
            query_statements.{{ column }},
        {%- endfor %}
        query_statements.start_ms,
        query_statements.end_ms,
        greatest(attachments.loaded_at, query_statements.loaded_at) as loaded_at,
        case
            when query_statements.start_ms is not null
                then greatest(query_statements.start_ms, messages.created_timestamp)
        end as begun_ms,
        case
            when query_statements.start_ms is not null
                then least(query_statements.end_ms, messages.updated_timestamp)
        end as ended_ms
    from touched
    inner join attachments
        on touched.message_key = attachments.message_key
    inner join messages
        on
            attachments.message_key = messages.message_key
            and attachments.fetched_at = messages.fetched_at
    left join query_statements
        on
            attachments.workspace_id = query_statements.workspace_id
            and attachments.statement_id = query_statements.statement_id

),

-- statements may run at the same time: such time counts once
ordered as (

    select
        *,
        max(ended_ms) over (
            partition by message_key
            order by start_ms nulls last, attachment_position
            rows between unbounded preceding and 1 preceding
        ) as busy_until_ms
    from spans

),

final as (

    select
        message_key,
        max(workspace_id) as workspace_id,
        max(message_id) as message_id,
        count(*) as statement_count,
        count(start_ms) as found_count,
        min(begun_ms) as first_start_ms,
        sum(greatest(ended_ms - greatest(begun_ms, busy_until_ms), 0)) as busy_ms,
        {%- for name, column in phases.items() %}
            case when count({{ column }}) = count(*) then sum({{ column }}) end as {{ name }},
        {%- endfor %}
        max(fetched_at) as fetched_at,
        max(loaded_at) as loaded_at
    from ordered
    group by message_key

)

select * from final
