{{ config(
    materialized='table',
    liquid_clustered_by=databricks_clustering(['ts_month']),
) }}

{%- set test_months = var('ml_test_months') | int -%}
{%- set validation_months = var('ml_validation_months') | int -%}
{%- set days = var('duplicate_line_days') | int %}

with candidates as (

    select
        *,
        extract(year from ts_month) * 12 + extract(month from ts_month) as month_number
    from {{ ref('staging_training_candidates') }}

),

-- the newest usable month is 0, the one before it 1
aged as (

    select
        *,
        max(case when unusable_reason is null then month_number end) over ()
        - month_number as month_age
    from candidates

),

split_by_month as (

    select
        *,
        case
            when unusable_reason is not null then null
            when month_age < {{ test_months }} then 'test'
            when month_age < {{ test_months + validation_months }} then 'validation'
            else 'train'
        end as data_split
    from aged

),

lines as (

    select
        *,
        max(case when data_split = 'train' then transacted_date end)
            over same_line as last_train_date,
        max(case when data_split = 'validation' then transacted_date end)
            over same_line as last_validation_date
    from split_by_month
    window same_line as (partition by account_id, amount, normalised_description)

),

-- a bank that goes by posting date may send a line again a few days later, in the next month
final as (

    select
        transaction_id,
        account_id,
        merchant_name,
        normalised_description,
        currency,
        amount,
        feature_version,
        is_credit,
        amount_abs,
        day_of_week,
        day_of_month,
        merchant_count_90d,
        merchant_mean_amount_90d,
        days_since_merchant,
        account_count_30d,
        account_mean_amount_30d,
        target_label,
        label_source,
        data_split,
        ts_month,
        transacted_date,
        transacted_at,
        features_computed_at,
        label_observed_at,
        late_label_observed_at,
        label_count,
        case
            when
                data_split <> 'train'
                and transacted_date <= last_train_date + interval '{{ days }}' day
                then 'duplicate_line'
            when
                data_split = 'test'
                and transacted_date <= last_validation_date + interval '{{ days }}' day
                then 'duplicate_line'
            else unusable_reason
        end as exclusion_reason
    from lines

)

select * from final
