{{ config(materialized='view') }}

with events as (

    select * from {{ source('genie_raw', 'ingest_runs') }}

),

final as (

    select
        run_id,
        max(command) as command,
        min(case when event = 'start' then event_at end) as started_at,
        max(case when event = 'finish' then event_at end) as finished_at,
        max(case when event = 'finish' then outcome end) as outcome,
        cast(max(case when event = 'finish' then row_count end) as bigint) as row_count,
        cast(max(case when event = 'finish' then failed_count end) as bigint) as failed_count,
        cast(max(case when event = 'finish' then api_calls end) as bigint) as api_calls
    from events
    group by run_id

)

select * from final
