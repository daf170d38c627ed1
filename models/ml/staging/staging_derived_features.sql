{{ config(materialized='view') }}

{# ranges of microseconds that end before the transaction itself, and before others of its moment #}
{%- set day = 24 * 60 * 60 * 1000000 -%}

with transactions as (

    select
        *,
        abs(amount) as amount_abs,
        {{ microseconds('transacted_at') }} as transacted_us
    from {{ ref('staging_ledger__transactions') }}
    where not is_deleted

),

looked_back as (

    select
        *,
        count(*) over merchant_90d as merchant_count_90d,
        sum(amount_abs) over merchant_90d as merchant_amount_90d,
        max(transacted_us) over merchant_ever as last_merchant_us,
        count(*) over account_30d as account_count_30d,
        sum(amount_abs) over account_30d as account_amount_30d
    from transactions
    window
        merchant_90d as (
            partition by account_id, merchant_name
            order by transacted_us
            range between {{ 90 * day }} preceding and 1 preceding
        ),
        merchant_ever as (
            partition by account_id, merchant_name
            order by transacted_us
            range between unbounded preceding and 1 preceding
        ),
        account_30d as (
            partition by account_id
            order by transacted_us
            range between {{ 30 * day }} preceding and 1 preceding
        )

),

final as (

    select
        transaction_id,
        'derived' as feature_version,
        transacted_at as computed_at,
        transacted_at,
        amount > 0 as is_credit,
        cast(amount_abs as {{ type_double() }}) as amount_abs,
        {{ iso_day_of_week('transacted_at') }} as day_of_week,
        cast(extract(day from transacted_at) as bigint) as day_of_month,
        cast(merchant_count_90d as bigint) as merchant_count_90d,
        cast(merchant_amount_90d as {{ type_double() }})
        / nullif(merchant_count_90d, 0) as merchant_mean_amount_90d,
        cast(transacted_us - last_merchant_us as {{ type_double() }})
        / {{ day }} as days_since_merchant,
        cast(account_count_30d as bigint) as account_count_30d,
        cast(account_amount_30d as {{ type_double() }})
        / nullif(account_count_30d, 0) as account_mean_amount_30d,
        loaded_at,
        batch_id
    from looked_back
    where source = 'import'

)

select * from final
