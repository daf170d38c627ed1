{{ config(materialized='view') }}

with events as (

    select * from {{ ref('silver_events') }}
    where
        family in ('feedback', 'comment')
        and message_id is not null
        and not is_read
        and not is_failed
        and not is_own

),

comments as (

    select
        *,
        {{ timestamp_from_milliseconds('created_timestamp') }} as created_at
    from {{ ref('silver_message_comments') }}

),

-- the log holds no id of a comment: the same one is that of the same message and minute
near as (

    select
        events.event_key,
        comments.comment_key,
        row_number() over (
            partition by events.event_key
            order by
                abs({{ seconds_between('events.event_time', 'comments.created_at') }}),
                comments.comment_key
        ) as comment_rank,
        row_number() over (
            partition by comments.comment_key
            order by
                abs({{ seconds_between('events.event_time', 'comments.created_at') }}),
                events.event_key
        ) as event_rank
    from events
    inner join comments
        on
            events.workspace_id = comments.workspace_id
            and events.message_id = comments.message_id
    where
        events.action_name = 'createConversationMessageComment'
        and abs({{ seconds_between('events.event_time', 'comments.created_at') }}) <= 60

),

final as (

    select
        events.feedback_rating,
        events.user_email,
        comments.user_id,
        comments.content,
        coalesce(events.event_key, comments.comment_key) as feedback_key,
        coalesce(events.workspace_id, comments.workspace_id) as workspace_id,
        coalesce(events.message_id, comments.message_id) as message_id,
        coalesce(events.event_time, comments.created_at) as happened_at,
        events.event_key is not null as is_in_audit,
        comments.comment_key is not null as is_in_api,
        case
            when events.event_key is null then 'comment'
            when events.family = 'feedback' and events.feedback_rating = 'NONE' then 'withdrawal'
            when events.family = 'feedback' then 'rating'
            when events.comment_type = 'REQUEST_REVIEW' then 'review_request'
            when events.action_name = 'updateConversationMessageComment' then 'comment_edit'
            when events.action_name = 'deleteConversationMessageComment' then 'comment_deletion'
            else 'comment'
        end as feedback_kind
    from events
    left join near
        on
            events.event_key = near.event_key
            and near.comment_rank = 1
            and near.event_rank = 1
    full outer join comments
        on near.comment_key = comments.comment_key

)

select * from final
