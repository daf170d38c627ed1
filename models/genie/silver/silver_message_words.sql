{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

with texts as (

    select
        message_key,
        workspace_id,
        message_id,
        fetched_at,
        loaded_at,
        attachment_kind,
        coalesce(text_purpose = 'FOLLOW_UP_QUESTION', false) as is_question,
        lower(replace({{ kept_text('text_content') }}, '’', chr(39))) as words
    from {{ ref('silver_message_attachments') }}
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

numbered as (

    select
        *,
        max(fetched_at) over (partition by message_key) as last_fetched_at
    from texts
    where attachment_kind = 'text'

),

judged as (

    select
        numbered.message_key,
        max(numbered.workspace_id) as workspace_id,
        max(numbered.message_id) as message_id,
        bool_or(numbered.is_question) as is_question,
        bool_or(coalesce(position(phrases.phrase in numbered.words) > 0, false)) as is_refusal,
        bool_or(numbered.words is not null) as has_words,
        max(numbered.fetched_at) as fetched_at,
        max(numbered.loaded_at) as loaded_at
    from numbered
    cross join {{ ref('genie_refusal_phrases') }} as phrases
    where numbered.fetched_at = numbered.last_fetched_at
    group by numbered.message_key

),

-- a purge takes the words, not what they were found to be
final as (

    select
        judged.message_key,
        judged.workspace_id,
        judged.message_id,
        judged.is_question,
        {% if is_incremental() %}
            judged.is_refusal or coalesce(kept.is_refusal, false) as is_refusal,
            judged.has_words or coalesce(kept.has_words, false) as has_words,
        {% else %}
            judged.is_refusal,
            judged.has_words,
        {% endif %}
        judged.fetched_at,
        judged.loaded_at
    from judged
    {% if is_incremental() %}
        left join {{ this }} as kept
            on
                judged.message_key = kept.message_key
                and judged.fetched_at = kept.fetched_at
    {% endif %}

)

select * from final
