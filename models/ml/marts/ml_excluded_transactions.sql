{{ config(
    materialized='table',
    indexes=postgres_indexes([['transaction_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['ts_month']),
) }}

with splits as (

    select * from {{ ref('staging_training_splits') }}
    where exclusion_reason is not null

),

final as (

    select
        cast(transaction_id as {{ dbt.type_string() }}) as transaction_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(exclusion_reason as {{ dbt.type_string() }}) as exclusion_reason,
        cast(label_count as bigint) as label_count,
        cast(ts_month as date) as ts_month,
        cast(transacted_at as timestamp) as transacted_at,
        cast(coalesce(label_observed_at, late_label_observed_at) as timestamp)
            as label_observed_at
    from splits

)

select * from final
