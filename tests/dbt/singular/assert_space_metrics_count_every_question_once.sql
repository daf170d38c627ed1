-- re-counts from the audit log: the messages of all spaces add up to the questions accepted
with requests as (

    -- a long action logs its request and its response as two rows
    select
        audit_events.request_key,
        audit_events.workspace_id,
        max(audit_events.space_id) as space_id,
        max(audit_events.message_id) as message_id,
        max(audit_events.user_email) as user_email,
        max(audit_events.status_code) as status_code
    from {{ ref('bronze_system__audit_events') }} as audit_events
    inner join {{ ref('genie_audit_actions') }} as actions
        on audit_events.action_name = actions.action_name
    where actions.family = 'ask'
    group by audit_events.request_key, audit_events.workspace_id

),

questions as (

    select distinct
        workspace_id,
        space_id,
        message_id
    from requests
    where
        space_id is not null
        and message_id is not null
        and coalesce(status_code, 200) < 400
        and not {{ is_own_principal('user_email') }}

),

counted as (

    select
        (select count(*) from questions) as question_count,
        (
            select coalesce(sum(message_count), 0)
            from {{ ref('genie_space_metrics') }}
        ) as message_count

)

select
    question_count,
    message_count
from counted
where question_count <> message_count
