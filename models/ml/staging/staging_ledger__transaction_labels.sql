{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by label_id
            order by loaded_at desc, batch_id desc, observed_at desc, label desc
        ) as age_rank
    from {{ source('ledger', 'transaction_labels') }}

),

final as (

    select
        label_id,
        transaction_id,
        label,
        label_source,
        observed_at,
        loaded_at,
        batch_id,
        coalesce(is_deleted, false) as is_deleted
    from received
    where age_rank = 1

)

select * from final
