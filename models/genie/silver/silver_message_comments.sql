{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='comment_key',
    indexes=postgres_indexes(
        [['comment_key'], ['workspace_id', 'message_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'message_id', 'comment_id']) }} as comment_key
    from {{ ref('bronze_genie__message_comments') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

numbered as (

    select
        *,
        row_number() over (
            partition by comment_key
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
        comment_key,
        workspace_id,
        coalesce(space_id, {{ json_text('body', ['space_id']) }}) as space_id,
        coalesce(conversation_id, {{ json_text('body', ['conversation_id']) }})
            as conversation_id,
        message_id,
        comment_id,
        {{ json_text('body', ['user_id']) }} as user_id,
        {{ json_text('body', ['content']) }} as content,
        {{ json_bigint('body', ['created_timestamp']) }} as created_epoch,
        fetched_at,
        batch_id
    from parsed

),

final as (

    select
        comment_key,
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        comment_id,
        user_id,
        content,
        {{ epoch_milliseconds('created_epoch') }} as created_timestamp,
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
            kept.comment_key = final.comment_key
            and kept.fetched_at > final.fetched_at
    )
{% endif %}
