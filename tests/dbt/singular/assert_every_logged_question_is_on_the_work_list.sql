-- re-counts from the audit log: no accepted question may be forgotten
with questions as (

    select distinct
        audit_events.workspace_id,
        audit_events.message_id
    from {{ ref('bronze_system__audit_events') }} as audit_events
    inner join {{ ref('genie_audit_actions') }} as actions
        on audit_events.action_name = actions.action_name
    where
        actions.family = 'ask'
        and audit_events.message_id is not null
        and coalesce(audit_events.status_code, 200) < 400

)

select
    questions.workspace_id,
    questions.message_id
from questions
left join {{ ref('genie_messages_to_fetch') }} as work_list
    on
        questions.workspace_id = work_list.workspace_id
        and questions.message_id = work_list.message_id
where work_list.message_id is null
