{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='attachment_key',
    post_hook="{{ delete_earlier_fetches(this, ref('silver_messages')) }}",
    indexes=postgres_indexes([['attachment_key'], ['message_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

with messages as (

    select
        *,
        {{ json_document('attachments_json') }} as attachments
    from {{ ref('silver_messages') }}
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}
    {{ parse_fence() }}

),

exploded as (

    select
        messages.message_key,
        messages.workspace_id,
        messages.message_id,
        messages.fetched_at,
        messages.loaded_at,
        item.elem as attachment,
        cast(item.pos as bigint) as attachment_position
    from messages
    {{ json_array_elements('messages.attachments', [], 'item') }}

),

final as (

    select
        {{ surrogate_key(['message_key', 'attachment_position']) }} as attachment_key,
        message_key,
        workspace_id,
        message_id,
        attachment_position,
        {{ json_text('attachment', ['attachment_id']) }} as attachment_id,
        case
            when {{ json_text('attachment', ['query']) }} is not null then 'query'
            when {{ json_text('attachment', ['text']) }} is not null then 'text'
            when {{ json_text('attachment', ['suggested_questions']) }} is not null
                then 'suggested_questions'
            when {{ json_text('attachment', ['viz']) }} is not null then 'viz'
            else 'unknown'
        end as attachment_kind,
        {{ json_text('attachment', ['query', 'query']) }} as query_sql,
        {{ json_text('attachment', ['query', 'title']) }} as query_title,
        {{ json_text('attachment', ['query', 'description']) }} as query_description,
        {{ json_text('attachment', ['query', 'statement_id']) }} as statement_id,
        {{ json_bigint('attachment', ['query', 'query_result_metadata', 'row_count']) }}
            as result_row_count,
        {{ json_text('attachment', ['text', 'content']) }} as text_content,
        {{ json_text('attachment', ['text', 'purpose']) }} as text_purpose,
        fetched_at,
        loaded_at
    from exploded

)

select * from final
