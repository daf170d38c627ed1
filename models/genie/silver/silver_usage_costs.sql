{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='usage_key',
    indexes=postgres_indexes(
        [['usage_key'], ['loaded_at'], ['workspace_id', 'usage_date']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{%- set free_skus = var('free_usage_skus') %}

with usage as (

    select
        *,
        case sku_name
            {% for free_sku, priced_as in free_skus.items() -%}
                when '{{ free_sku }}' then '{{ priced_as }}'
            {% endfor -%}
            else sku_name
        end as priced_sku_name
    from {{ ref('bronze_system__billing_usage') }}

),

prices as (

    select * from {{ ref('bronze_system__list_prices') }}
    where currency_code = '{{ var("cost_currency") }}'

),

changed as (

    select * from usage
    {% if is_incremental() %}
        where
            {{ is_new_since_last_build() }}
            or priced_sku_name in (
                select prices.sku_name from prices where {{ is_new_since_last_build() }}
            )
    {% endif %}

),

-- two windows may both be open until the end of the first is read: the later one counts
numbered as (

    select
        changed.*,
        prices.unit_price,
        row_number() over (
            partition by changed.usage_key
            order by prices.price_start_time desc nulls last
        ) as price_rank
    from changed
    left join prices
        on
            changed.priced_sku_name = prices.sku_name
            and changed.cloud = prices.cloud
            and changed.usage_unit = prices.usage_unit
            and changed.usage_start_time >= prices.price_start_time
            and (
                prices.price_end_time is null
                or changed.usage_start_time < prices.price_end_time
            )

),

-- decimals whose product every engine holds exactly
valued as (

    select
        *,
        cast(
            cast(usage_quantity as decimal(20, 10)) * cast(unit_price as decimal(16, 8))
            as decimal(18, 9)
        ) as list_cost,
        sku_name <> priced_sku_name as is_free
    from numbered
    where price_rank = 1

),

final as (

    select
        usage_key,
        workspace_id,
        record_type,
        cost_stream,
        warehouse_id,
        space_id,
        genie_surface,
        genie_channel,
        user_email,
        sku_name,
        usage_unit,
        cast(usage_quantity as decimal(20, 10)) as usage_quantity,
        unit_price,
        cast(case when is_free then 0 else list_cost end as decimal(18, 9)) as cost,
        cast(case when is_free then list_cost end as decimal(18, 9)) as free_equivalent_cost,
        is_free,
        case
            when list_cost is null and not is_free then 'no list price'
            when
                cost_stream = 'warehouse'
                and {{ seconds_between('usage_start_time', 'usage_end_time') }} > 3600
                then 'bill is not hourly'
        end as cost_reason,
        usage_start_time,
        usage_end_time,
        usage_date,
        date_trunc('hour', usage_start_time) as hour_start,
        {{ current_utc() }} as loaded_at
    from valued

)

select * from final
