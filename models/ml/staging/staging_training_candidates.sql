{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('staging_ledger__transactions') }}
    where not is_deleted

),

targets as (

    select * from {{ ref('staging_transaction_targets') }}

),

features as (

    select * from {{ ref('staging_point_in_time_features') }}

),

final as (

    select
        transactions.transaction_id,
        transactions.account_id,
        transactions.merchant_name,
        transactions.normalised_description,
        transactions.currency,
        transactions.amount,
        features.feature_version,
        features.is_credit,
        features.amount_abs,
        features.day_of_week,
        features.day_of_month,
        features.merchant_count_90d,
        features.merchant_mean_amount_90d,
        features.days_since_merchant,
        features.account_count_30d,
        features.account_mean_amount_30d,
        targets.target_label,
        targets.label_source,
        transactions.ts_month,
        transactions.transacted_date,
        transactions.transacted_at,
        features.computed_at as features_computed_at,
        targets.label_observed_at,
        targets.late_label_observed_at,
        case
            when transactions.transacted_at > {{ current_utc() }} then 'transacted_in_future'
            when targets.transaction_id is null then 'no_label'
            when targets.trusted_label_count = 0 then 'untrusted_label'
            when targets.target_count = 0 then 'label_too_late'
            when targets.target_count > 1 then 'conflicting_labels'
            when features.transaction_id is null then 'no_features_in_time'
        end as unusable_reason,
        coalesce(targets.label_count, 0) as label_count
    from transactions
    left join targets
        on transactions.transaction_id = targets.transaction_id
    left join features
        on transactions.transaction_id = features.transaction_id

)

select * from final
