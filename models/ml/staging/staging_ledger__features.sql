{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('staging_ledger__transactions') }}
    where not is_deleted

),

received as (

    select
        *,
        row_number() over (
            partition by transaction_id, feature_version, computed_at
            order by loaded_at desc, batch_id desc
        ) as age_rank
    from {{ source('ledger', 'ml_features') }}

),

final as (

    select
        received.transaction_id,
        received.feature_version,
        received.computed_at,
        transactions.transacted_at,
        received.is_credit,
        received.amount_abs,
        received.day_of_week,
        received.day_of_month,
        received.merchant_count_90d,
        received.merchant_mean_amount_90d,
        received.days_since_merchant,
        received.account_count_30d,
        received.account_mean_amount_30d,
        received.loaded_at,
        received.batch_id
    from received
    inner join transactions
        on received.transaction_id = transactions.transaction_id
    where received.age_rank = 1

)

select * from final
