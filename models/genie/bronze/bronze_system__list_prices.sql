{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='price_key',
    full_refresh=keep_history(),
    indexes=postgres_indexes([['price_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['sku_name']),
) }}

{%- set key = ['sku_name', 'cloud', 'currency_code', 'usage_unit', 'price_start_time'] %}
{%- set columns = {
    'sku_name': 'string', 'cloud': 'string', 'currency_code': 'string', 'usage_unit': 'string',
    'price_start_time': 'timestamp', 'price_end_time': 'timestamp',
    'pricing': 'struct<default: decimal(38, 18)>',
} %}
{%- set prices = system_relation(source('system_billing', 'list_prices'), columns) %}

-- a few thousand rows, without workspaces: read in place, those in force since days_lookback
with landed as (

    select
        *,
        {{ map_document('pricing') }} as pricing_document
    from (
        select
            {{ system_columns(prices, columns) }},
            {{ landing_columns() }}
        from {{ prices }}
    ) as received
    where
        sku_name is not null
        and {{ is_new_system_row("coalesce(price_end_time, timestamp '9999-12-31 00:00:00')") }}
    {{ parse_fence() }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

final as (

    select
        {{ surrogate_key(key) }} as price_key,
        sku_name,
        cloud,
        currency_code,
        usage_unit,
        price_start_time,
        price_end_time,
        cast(
            coalesce(
                {{ safe_decimal(struct_value('pricing_document', 'effective_list.default')) }},
                {{ safe_decimal(struct_value('pricing_document', 'default')) }}
            ) as decimal(18, 9)
        ) as unit_price,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from numbered
    where age_rank = 1

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.price_key = final.price_key
            and kept.price_end_time is not distinct from final.price_end_time
            and kept.unit_price is not distinct from final.unit_price
    )
{% endif %}
