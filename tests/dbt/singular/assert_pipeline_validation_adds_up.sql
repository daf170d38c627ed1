-- every message known is in one state, and every event of the audit log is counted once
with recounted as (

    select
        (select count(*) from {{ ref('genie_messages_to_fetch') }}) as message_count,
        (
            select count(distinct request_key)
            from {{ ref('bronze_system__audit_events') }}
        ) as event_count

)

select
    recounted.message_count,
    recounted.event_count
from recounted
left join {{ ref('genie_pipeline_validation') }} as validation
    on
        recounted.message_count = validation.message_count
        and recounted.event_count = validation.event_count
where validation.verdict is null
