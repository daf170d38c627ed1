{{ config(materialized='view') }}

with activity as (

    select * from {{ ref('silver_message_activity') }}

),

fetches as (

    select * from {{ ref('silver_message_fetches') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

-- messages come from the audit log, or from a listing that showed what the log does not hold
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
        -- a change that came after the last look at the message, whatever the look showed
        coalesce(activity.last_change_at > fetches.last_attempt_at, false) as is_changed,
        activity.last_change_at
    from activity
    full outer join fetches
        on
            activity.workspace_id = fetches.workspace_id
            and activity.message_id = fetches.message_id

),

delayed as (

    select
        *,
        {{ current_utc() }} as checked_at,
        case error_type
            when 'AUTH_ERROR' then {{ var('denied_wait_seconds') }}
            when 'NOT_FOUND' then {{ var('gone_confirm_seconds') }}
            else {{ backoff_seconds(
                'failure_count', var('retry_seconds'), var('retry_max_seconds')
            ) }}
        end as retry_seconds,
        {{ backoff_seconds(
            'unsettled_count', var('unsettled_seconds'), var('unsettled_max_seconds')
        ) }} as reread_seconds
    from known

),

timed as (

    select
        *,
        {{ add_seconds('last_attempt_at', 'retry_seconds') }} as retry_at,
        {{ add_seconds('last_attempt_at', 'reread_seconds') }} as reread_at
    from delayed

),

classified as (

    select
        *,
        case
            when not ({{ is_observed_space('workspace_id', 'space_id') }})
                or space_id is null or conversation_id is null
                then 'out_of_scope'
            when last_attempt_at is null then 'new'
            when is_changed then 'changed'
            when
                error_type = 'NOT_FOUND'
                and last_attempt_at >= {{ add_seconds(
                    'first_not_found_at', var('gone_confirm_seconds')
                ) }}
                then 'gone'
            when error_type is not null and failure_count >= {{ var('retry_max_attempts') }}
                then 'gave_up'
            when error_type is not null and retry_at > checked_at then 'waiting'
            when error_type is not null then 'retry'
            when is_final then 'settled'
            when
                {{ add_seconds('progressed_at', var('unsettled_max_age_seconds')) }} <= checked_at
                then 'gave_up'
            else 'unsettled'
        end as fetch_state
    from timed

),

final as (

    select
        cast(classified.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(workspaces.workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(classified.space_id as {{ dbt.type_string() }}) as space_id,
        cast(classified.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(classified.message_id as {{ dbt.type_string() }}) as message_id,
        cast(classified.user_email as {{ dbt.type_string() }}) as user_email,
        cast(classified.event_time as timestamp) as event_time,
        cast(classified.event_time as date) as event_date,
        cast(classified.action_name as {{ dbt.type_string() }}) as action_name,
        cast(classified.status_code as bigint) as status_code,
        cast(classified.fetch_state as {{ dbt.type_string() }}) as fetch_state,
        cast(classified.failure_count as bigint) as attempts,
        cast(case classified.fetch_state
            when 'new' then classified.event_time
            when 'changed' then classified.last_change_at
            when 'waiting' then classified.retry_at
            when 'retry' then classified.retry_at
            when 'unsettled' then classified.reread_at
        end as timestamp) as next_attempt_at,
        cast(case
            when classified.fetch_state = 'out_of_scope'
                and (classified.space_id is null or classified.conversation_id is null)
                then 'space or conversation unknown'
            when classified.fetch_state = 'out_of_scope'
                then 'workspace or space not in genie_workspace_ids, genie_space_ids'
            when classified.fetch_state = 'new' and workspaces.workspace_url is null
                then 'never fetched: the workspace has no URL'
            when classified.fetch_state = 'new' then 'never fetched'
            when classified.fetch_state = 'changed' then 'changed after the last fetch'
            when classified.fetch_state = 'gone' then 'deleted: not found twice'
            when classified.fetch_state = 'gave_up' and classified.error_type is null
                then 'still ' || coalesce(classified.message_status, 'without a status')
                    || ', too old to read again'
            when classified.error_type is not null
                then classified.error_type || ': ' || coalesce(classified.error_message, '')
            else coalesce(classified.message_status, 'without a status')
        end as {{ dbt.type_string() }}) as reason,
        cast(classified.message_status as {{ dbt.type_string() }}) as message_status,
        cast(classified.message_updated_at as timestamp) as message_updated_at,
        cast(classified.last_fetched_at as timestamp) as last_fetched_at,
        cast(
            coalesce(
                classified.fetch_state in ('new', 'changed', 'retry')
                or (
                    classified.fetch_state = 'unsettled'
                    and classified.reread_at <= classified.checked_at
                ), false
            ) as boolean
        ) as is_due
    from classified
    left join workspaces
        on classified.workspace_id = workspaces.workspace_id

)

select * from final
