{{ config(
    materialized='table',
    indexes=postgres_indexes([['transaction_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['ts_month']),
) }}

with splits as (

    select * from {{ ref('staging_training_splits') }}
    where exclusion_reason is null

),

final as (

    select
        cast(transaction_id as {{ dbt.type_string() }}) as transaction_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(merchant_name as {{ dbt.type_string() }}) as merchant_name,
        cast(normalised_description as {{ dbt.type_string() }}) as normalised_description,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(amount as decimal(18, 2)) as amount,
        cast(feature_version as {{ dbt.type_string() }}) as feature_version,
        cast(is_credit as boolean) as is_credit,
        cast(amount_abs as {{ type_double() }}) as amount_abs,
        cast(day_of_week as bigint) as day_of_week,
        cast(day_of_month as bigint) as day_of_month,
        cast(merchant_count_90d as bigint) as merchant_count_90d,
        cast(merchant_mean_amount_90d as {{ type_double() }}) as merchant_mean_amount_90d,
        cast(days_since_merchant as {{ type_double() }}) as days_since_merchant,
        cast(account_count_30d as bigint) as account_count_30d,
        cast(account_mean_amount_30d as {{ type_double() }}) as account_mean_amount_30d,
        cast(target_label as {{ dbt.type_string() }}) as target_label,
        cast(label_source as {{ dbt.type_string() }}) as label_source,
        cast(data_split as {{ dbt.type_string() }}) as data_split,
        cast(ts_month as date) as ts_month,
        cast(transacted_date as date) as transacted_date,
        cast(transacted_at as timestamp) as transacted_at,
        cast(features_computed_at as timestamp) as features_computed_at,
        cast(label_observed_at as timestamp) as label_observed_at
    from splits

)

select * from final
