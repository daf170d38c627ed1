{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='event_key',
    indexes=postgres_indexes(
        [['event_key'], ['workspace_id', 'message_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['event_date', 'workspace_id']),
) }}

with audit_events as (

    select * from {{ ref('bronze_system__audit_events') }}

),

actions as (

    select * from {{ ref('genie_audit_actions') }}

),

changed_requests as (

    select distinct request_key
    from audit_events
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

-- a long action logs its request and its response as two rows: one event
requests as (

    select
        audit_events.request_key,
        audit_events.workspace_id,
        audit_events.service_name,
        audit_events.action_name,
        min(audit_events.event_time) as event_time,
        max(audit_events.space_id) as space_id,
        max(audit_events.conversation_id) as conversation_id,
        max(audit_events.message_id) as message_id,
        max(audit_events.user_email) as user_email,
        max(audit_events.user_agent) as user_agent,
        max(audit_events.status_code) as status_code,
        max(audit_events.error_message) as error_message,
        max(audit_events.feedback_rating) as feedback_rating,
        max(audit_events.comment_type) as comment_type,
        max(audit_events.loaded_at) as loaded_at
    from audit_events
    inner join changed_requests
        on audit_events.request_key = changed_requests.request_key
    group by
        audit_events.request_key,
        audit_events.workspace_id,
        audit_events.service_name,
        audit_events.action_name

),

final as (

    select
        requests.request_key as event_key,
        requests.workspace_id,
        requests.space_id,
        requests.conversation_id,
        requests.message_id,
        requests.service_name,
        requests.action_name,
        coalesce(actions.family, 'unknown') as family,
        coalesce(actions.channel, 'unknown') as channel,
        requests.user_email,
        requests.user_agent,
        requests.status_code,
        requests.error_message,
        requests.feedback_rating,
        requests.comment_type,
        coalesce(actions.is_read, false) as is_read,
        coalesce(actions.is_change, false) as is_change,
        {{ is_own_principal('requests.user_email') }} as is_own,
        coalesce(requests.status_code >= 400, false) as is_failed,
        coalesce(not actions.is_read, false)
        and not {{ is_own_principal('requests.user_email') }} as is_usage,
        requests.event_time,
        cast(requests.event_time as date) as event_date,
        requests.loaded_at
    from requests
    left join actions
        on requests.action_name = actions.action_name

)

select * from final
