-- re-counts from the landing: one row for each space ever fetched, and none besides
with landed as (

    select
        workspace_id,
        space_id,
        min(batch_id) as first_batch_id
    from {{ ref('bronze_genie__spaces') }}
    group by workspace_id, space_id

)

select
    coalesce(landed.workspace_id, details.workspace_id) as workspace_id,
    coalesce(landed.space_id, details.space_id) as space_id
from landed
full outer join {{ ref('genie_space_details') }} as details
    on
        landed.workspace_id = details.workspace_id
        and landed.space_id = details.space_id
where
    landed.space_id is null
    or (details.space_id is null and {{ is_landed_before_build('landed.first_batch_id') }})
