{{ config(materialized='view') }}

with computed as (

    select * from {{ ref('staging_ledger__features') }}
    where computed_at <= transacted_at

),

derived as (

    select * from {{ ref('staging_derived_features') }}

),

unioned as (

    select
        *,
        0 as is_derived
    from computed
    union all
    select
        *,
        1 as is_derived
    from derived

),

numbered as (

    select
        *,
        row_number() over (
            partition by transaction_id
            order by computed_at desc, is_derived asc, feature_version desc
        ) as age_rank
    from unioned

),

final as (

    select
        transaction_id,
        feature_version,
        computed_at,
        transacted_at,
        is_credit,
        amount_abs,
        day_of_week,
        day_of_month,
        merchant_count_90d,
        merchant_mean_amount_90d,
        days_since_merchant,
        account_count_30d,
        account_mean_amount_30d
    from numbered
    where age_rank = 1

)

select * from final
