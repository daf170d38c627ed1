-- re-counts from the audit log and the landing: no conversation may be forgotten
with seen as (

    select
        workspace_id,
        conversation_id
    from {{ ref('bronze_system__audit_events') }}
    where conversation_id is not null and coalesce(status_code, 200) < 400
    union
    select
        workspace_id,
        conversation_id
    from {{ ref('bronze_genie__conversations') }}
    where {{ is_landed_before_build() }}
    union
    select
        workspace_id,
        conversation_id
    from {{ ref('silver_messages') }}
    where conversation_id is not null

)

select
    seen.workspace_id,
    seen.conversation_id
from seen
left join {{ ref('genie_conversations') }} as conversations
    on
        seen.workspace_id = conversations.workspace_id
        and seen.conversation_id = conversations.conversation_id
where conversations.conversation_id is null
