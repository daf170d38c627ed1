-- re-reads the landing: what message_details shows came with the newest payload of the message, or
-- with one that landed while the models were built
with landed as (

    select
        workspace_id,
        message_id,
        max(case when {{ is_landed_before_build() }} then fetched_at end) as newest_before_build,
        max(fetched_at) as newest
    from {{ ref('bronze_genie__messages') }}
    group by workspace_id, message_id

)

select
    landed.workspace_id,
    landed.message_id,
    landed.newest_before_build,
    landed.newest,
    details.ingestion_timestamp
from landed
left join {{ ref('message_details') }} as details
    on
        landed.workspace_id = details.workspace_id
        and landed.message_id = details.message_id
where
    coalesce(details.ingestion_timestamp, timestamp '1970-01-01 00:00:00')
    < landed.newest_before_build
    or details.ingestion_timestamp > landed.newest
