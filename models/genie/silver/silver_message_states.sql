{{ config(materialized='view') }}

with activity as (

    select * from {{ ref('silver_message_activity') }}

),

fetches as (

    select * from {{ ref('silver_message_fetches') }}

),

deletions as (

    select * from {{ ref('silver_deletions') }}

),

-- from the audit log or a listing; deleting a conversation or a space changes all messages in it
known as (

    select
        activity.action_name,
        activity.status_code,
        activity.user_email,
        activity.event_time,
        fetches.error_type,
        fetches.error_message,
        fetches.message_status,
        fetches.message_updated_at,
        fetches.is_final,
        fetches.first_not_found_at,
        fetches.last_attempt_at,
        fetches.last_fetched_at,
        coalesce(activity.workspace_id, fetches.workspace_id) as workspace_id,
        coalesce(activity.space_id, fetches.space_id) as space_id,
        coalesce(activity.conversation_id, fetches.conversation_id) as conversation_id,
        coalesce(activity.message_id, fetches.message_id) as message_id,
        coalesce(fetches.failure_count, 0) as failure_count,
        coalesce(fetches.unsettled_count, 0) as unsettled_count,
        coalesce(fetches.message_updated_at, fetches.first_unsettled_at) as progressed_at,
        greatest(activity.last_change_at, conversations.deleted_at, spaces.deleted_at)
            as last_change_at,
        greatest(conversations.deleted_at, spaces.deleted_at) as deleted_at
    from activity
    full outer join fetches
        on
            activity.workspace_id = fetches.workspace_id
            and activity.message_id = fetches.message_id
    left join deletions as conversations
        on
            coalesce(activity.workspace_id, fetches.workspace_id) = conversations.workspace_id
            and coalesce(activity.conversation_id, fetches.conversation_id)
            = conversations.conversation_id
    left join deletions as spaces
        on
            coalesce(activity.workspace_id, fetches.workspace_id) = spaces.workspace_id
            and coalesce(activity.space_id, fetches.space_id) = spaces.space_id

),

delayed as (

    select
        *,
        {{ current_utc() }} as checked_at,
        case error_type
            when 'AUTH_ERROR' then {{ var('denied_wait_seconds') }}
            when 'NOT_FOUND' then {{ var('gone_confirm_seconds') }}
            else {{ backoff_seconds('failure_count', 'retry') }}
        end as retry_seconds,
        {{ backoff_seconds('unsettled_count', 'unsettled') }} as reread_seconds
    from known

),

timed as (

    select
        *,
        {{ add_seconds('last_attempt_at', 'retry_seconds') }} as retry_at,
        {{ add_seconds('last_attempt_at', 'reread_seconds') }} as reread_at,
        {{ add_seconds('first_not_found_at', var('gone_confirm_seconds')) }} as gone_from,
        {{ add_seconds('deleted_at', var('gone_confirm_seconds')) }} as deletion_sure_from,
        {{ add_seconds('progressed_at', var('unsettled_max_age_seconds')) }} as too_old_from
    from delayed

),

classified as (

    select
        *,
        case
            when space_id is null or conversation_id is null then 'out_of_scope'
            when not ({{ is_observed_space('workspace_id', 'space_id') }}) then 'out_of_scope'
            when last_attempt_at is null then 'new'
            when last_change_at > last_attempt_at then 'changed'
            -- a deletion takes effect late: what answered before is read once more
            when last_attempt_at < deletion_sure_from and deletion_sure_from <= checked_at
                then 'changed'
            when error_type = 'NOT_FOUND' and last_attempt_at >= gone_from then 'gone'
            when error_type is not null and failure_count >= {{ var('retry_max_attempts') }}
                then 'gave_up'
            when error_type is not null and retry_at > checked_at then 'waiting'
            when error_type is not null then 'retry'
            when is_final then 'settled'
            when too_old_from <= checked_at then 'gave_up'
            else 'unsettled'
        end as fetch_state
    from timed

),

final as (

    select
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        user_email,
        event_time,
        action_name,
        status_code,
        fetch_state,
        error_type,
        error_message,
        message_status,
        failure_count,
        last_attempt_at,
        last_fetched_at,
        message_updated_at,
        case fetch_state
            when 'new' then event_time
            when 'changed' then last_change_at
            when 'waiting' then retry_at
            when 'retry' then retry_at
            when 'unsettled' then reread_at
        end as next_attempt_at,
        fetch_state in ('new', 'changed', 'retry')
        or (fetch_state = 'unsettled' and reread_at <= checked_at) as is_due
    from classified

)

select * from final
