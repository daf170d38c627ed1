{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by model_version
            order by loaded_at desc, batch_id desc, registered_at desc, rollout_percent desc
        ) as age_rank
    from {{ source('ledger', 'model_registry') }}

),

final as (

    select
        model_version,
        model_name,
        stage,
        rollout_percent,
        registered_at,
        loaded_at,
        batch_id
    from received
    where age_rank = 1

)

select * from final
