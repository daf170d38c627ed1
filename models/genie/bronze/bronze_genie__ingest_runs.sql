{{ config(materialized='view') }}

with events as (

    select * from {{ source('genie_raw', 'ingest_runs') }}

),

-- a run taken for dead may finish after all: its own word counts
numbered as (

    select
        *,
        row_number() over (
            partition by run_id, event
            order by case when outcome = 'died' then 1 else 0 end, event_at
        ) as event_rank
    from events

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
        max(case when event = 'finish' then event_at end) as finished_at,
        not bool_or(event = 'finish') as is_running
    from numbered
    where event_rank = 1
    group by run_id

)

select * from final
