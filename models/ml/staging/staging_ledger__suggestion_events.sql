{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by suggestion_id
            order by loaded_at desc, batch_id desc, suggested_at desc, suggested_label desc
        ) as age_rank
    from {{ source('ledger', 'suggestion_events') }}

),

final as (

    select
        suggestion_id,
        transaction_id,
        model_version,
        suggested_label,
        confidence,
        suggested_at,
        loaded_at,
        batch_id
    from received
    where age_rank = 1

)

select * from final
