{{ config(materialized='view') }}

with events as (

    select * from {{ source('genie_raw', 'ingest_runs') }}

),

final as (

    select
        run_id,
        max(command) as command,
        max(case when event = 'finish' then outcome end) as outcome,
        max(case when event = 'finish' then row_count end) as row_count,
        max(case when event = 'finish' then failed_count end) as failed_count,
        max(case when event = 'finish' then api_calls end) as api_calls,
        min(case when event = 'start' then event_at end) as started_at,
        max(case when event = 'finish' then event_at end) as finished_at
    from events
    group by run_id

)

select * from final
