{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['workspace_id', 'message_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'message_id']),
) }}

with events as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'message_id']) }} as message_key
    from {{ ref('silver_events') }}
    where message_id is not null

),

touched_messages as (

    select distinct message_key
    from events
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

-- asks come first, then whatever revealed the message; the earliest of those
numbered as (

    select
        events.*,
        row_number() over (
            partition by events.message_key
            order by
                case when events.family = 'ask' and not events.is_failed then 0 else 1 end,
                events.event_time,
                events.event_key
        ) as origin_rank,
        row_number() over (
            partition by events.message_key
            order by
                case
                    when events.feedback_rating is not null and not events.is_failed then 0
                    else 1
                end,
                events.event_time desc,
                events.event_key desc
        ) as feedback_rank
    from events
    inner join touched_messages
        on events.message_key = touched_messages.message_key

),

final as (

    select
        message_key,
        max(workspace_id) as workspace_id,
        max(space_id) as space_id,
        max(conversation_id) as conversation_id,
        max(message_id) as message_id,
        max(case when origin_rank = 1 then action_name end) as action_name,
        max(case when origin_rank = 1 then channel end) as channel,
        max(case when origin_rank = 1 then status_code end) as status_code,
        max(case when origin_rank = 1 and not is_own then user_email end) as user_email,
        max(case when feedback_rank = 1 and not is_failed then feedback_rating end)
            as feedback_rating,
        bool_or(family = 'ask' and not is_failed) as is_asked,
        count(case
            when action_name = 'regenerateConversationMessage' and not is_failed then 1
        end) as regenerate_count,
        count(case
            when feedback_rating in ('POSITIVE', 'NEGATIVE') and not is_failed then 1
        end) as rating_count,
        count(case when comment_type = 'REQUEST_REVIEW' and not is_failed then 1 end)
            as review_request_count,
        min(case when origin_rank = 1 then event_time end) as event_time,
        min(case when is_change and not is_failed then event_time end) as first_change_at,
        max(case when is_change and not is_failed then event_time end) as last_change_at,
        max(loaded_at) as loaded_at
    from numbered
    group by message_key

)

select * from final
