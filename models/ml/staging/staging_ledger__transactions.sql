{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='transaction_id',
    indexes=postgres_indexes([['transaction_id'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['transaction_id']),
) }}

with received as (

    select
        *,
        row_number() over (
            partition by transaction_id
            order by
                loaded_at desc,
                batch_id desc,
                coalesce(is_deleted, false) desc,
                transacted_at desc,
                amount desc
        ) as age_rank
    from {{ source('ledger', 'transactions') }}
    {% if is_incremental() %}
        where {{ is_new_batch(with_purged=false, loaded_at='loaded_at') }}
    {% endif %}

),

latest as (

    select
        *,
        coalesce({{ normalised_text('description') }}, '') as normalised_description,
        {{ normalised_text('merchant') }} as normalised_merchant
    from received
    where age_rank = 1

),

final as (

    select
        transaction_id,
        account_id,
        transacted_at,
        amount,
        currency,
        description,
        normalised_description,
        source,
        loaded_at,
        batch_id,
        cast(transacted_at as date) as transacted_date,
        cast(date_trunc('month', transacted_at) as date) as ts_month,
        coalesce(normalised_merchant, nullif(normalised_description, ''), 'unknown')
            as merchant_name,
        coalesce(is_deleted, false) as is_deleted
    from latest

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.transaction_id = final.transaction_id
            and (
                kept.loaded_at > final.loaded_at
                or (kept.loaded_at = final.loaded_at and kept.batch_id > final.batch_id)
            )
    )
{% endif %}
