-- re-counts from the fetch attempts: one row for each message, fetched or not, and none besides
with tried as (

    select
        workspace_id,
        message_id,
        min(batch_id) as first_batch_id
    from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'message'
    group by workspace_id, message_id

)

select
    coalesce(tried.workspace_id, details.workspace_id) as workspace_id,
    coalesce(tried.message_id, details.message_id) as message_id
from tried
full outer join {{ ref('message_details') }} as details
    on
        tried.workspace_id = details.workspace_id
        and tried.message_id = details.message_id
where
    tried.message_id is null
    or (details.message_id is null and {{ is_landed_before_build('tried.first_batch_id') }})
