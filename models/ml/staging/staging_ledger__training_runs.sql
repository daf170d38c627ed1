{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by training_run_id
            order by loaded_at desc, batch_id desc, finished_at desc nulls last, status desc
        ) as age_rank
    from {{ source('ledger', 'ml_training_runs') }}

),

final as (

    select
        training_run_id,
        model_version,
        status,
        started_at,
        finished_at,
        trained_until,
        row_count,
        f1_macro,
        calibration_error,
        rollout_percent,
        loaded_at,
        batch_id
    from received
    where age_rank = 1

)

select * from final
