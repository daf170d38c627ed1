-- re-reads the landing: what message_details shows came with the newest payload of the message
with newest as (

    select
        workspace_id,
        message_id,
        max(fetched_at) as fetched_at
    from {{ ref('bronze_genie__messages') }}
    group by workspace_id, message_id

)

select
    newest.workspace_id,
    newest.message_id,
    newest.fetched_at,
    details.ingestion_timestamp
from newest
left join {{ ref('message_details') }} as details
    on
        newest.workspace_id = details.workspace_id
        and newest.message_id = details.message_id
where newest.fetched_at is distinct from details.ingestion_timestamp
