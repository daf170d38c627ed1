{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes(
        [['message_key'], ['workspace_id', 'message_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'message_id']) }} as message_key
    from {{ ref('bronze_genie__messages') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

numbered as (

    select
        *,
        row_number() over (
            partition by message_key
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

parsed as (

    select
        *,
        {{ json_document('payload') }} as body
    from numbered
    where age_rank = 1
    {{ parse_fence() }}

),

extracted as (

    select
        message_key,
        workspace_id,
        coalesce(space_id, {{ json_text('body', ['space_id']) }}) as space_id,
        coalesce(conversation_id, {{ json_text('body', ['conversation_id']) }})
            as conversation_id,
        message_id,
        {{ json_text('body', ['user_id']) }} as user_id,
        {{ json_text('body', ['content']) }} as content,
        {{ json_text('body', ['status']) }} as status,
        {{ json_text('body', ['error', 'type']) }} as error_type,
        {{ json_text('body', ['error', 'error']) }} as error_message,
        nullif({{ json_text('body', ['feedback', 'rating']) }}, 'NONE') as feedback_rating,
        {{ json_text('body', ['feedback', 'comment']) }} as feedback_comment,
        {{ json_bigint('body', ['auto_regenerate_count']) }} as auto_regenerate_count,
        coalesce({{ json_array_length('body', ['attachments']) }}, 0) as attachments_count,
        {{ json_fragment('payload', 'body', ['attachments']) }} as attachments_json,
        {{ json_bigint('body', ['created_timestamp']) }} as created_epoch,
        {{ json_bigint('body', ['last_updated_timestamp']) }} as updated_epoch,
        fetched_at,
        batch_id
    from parsed

),

final as (

    select
        message_key,
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        user_id,
        content,
        status,
        error_type,
        error_message,
        feedback_rating,
        feedback_comment,
        auto_regenerate_count,
        attachments_count,
        attachments_json,
        {{ epoch_milliseconds('created_epoch') }} as created_timestamp,
        {{ epoch_milliseconds('updated_epoch') }} as updated_timestamp,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from extracted

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.message_key = final.message_key
            and kept.fetched_at > final.fetched_at
    )
{% endif %}
