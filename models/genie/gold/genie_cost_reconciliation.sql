{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='cost_key',
    indexes=postgres_indexes([['cost_key'], ['workspace_id', 'usage_date']], unique=true),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{%- set parts = ['message', 'authoring', 'other', 'idle'] %}

with shares as (

    select * from {{ ref('silver_warehouse_hour_shares') }}

),

touched as (

    select distinct
        workspace_id,
        usage_date
    from shares
    {% if is_incremental() %}
        where {{ is_new_since_last_build(kept_column='source_loaded_at') }}
    {% endif %}

),

-- the bill is summed up from its records, not from the hours that were shared out
bills as (

    select
        workspace_id,
        warehouse_id,
        cast(hour_start as date) as usage_date,
        sum(cost) as billed_cost,
        sum(case when cost is null then usage_quantity end) as unpriced_quantity
    from {{ ref('silver_usage_costs') }}
    where
        cost_stream = 'warehouse'
        and usage_date >= (select min(touched.usage_date) from touched)
    group by workspace_id, warehouse_id, cast(hour_start as date)

),

summed as (

    select
        shares.workspace_id,
        shares.warehouse_id,
        shares.usage_date,
        {% for part in parts -%}
            sum(shares.{{ part }}_cost) as {{ part }}_cost,
        {% endfor -%}
        {{ summed_cost_status(cost_status('shares.cost_reason')) }} as cost_status,
        max(shares.cost_reason) as cost_reason,
        max(shares.loaded_at) as loaded_at
    from shares
    inner join touched
        on
            shares.workspace_id = touched.workspace_id
            and shares.usage_date = touched.usage_date
    group by shares.workspace_id, shares.warehouse_id, shares.usage_date

),

final as (

    select
        cast(
            {{ surrogate_key([
                'summed.workspace_id', 'summed.warehouse_id', 'summed.usage_date'
            ]) }} as {{ dbt.type_string() }}
        ) as cost_key,
        cast(summed.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(summed.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(summed.usage_date as date) as usage_date,
        cast('{{ var("cost_currency") }}' as {{ dbt.type_string() }}) as currency_code,
        cast(bills.billed_cost as decimal(18, 9)) as billed_cost,
        {% for part in parts -%}
            cast(
                case when bills.billed_cost is not null then summed.{{ part }}_cost end
                as decimal(18, 9)
            ) as {{ part }}_cost,
        {% endfor -%}
        cast(coalesce(bills.unpriced_quantity, 0) as decimal(20, 10)) as unpriced_quantity,
        cast(summed.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(summed.cost_reason as {{ dbt.type_string() }}) as cost_reason,
        cast(summed.loaded_at as timestamp) as source_loaded_at
    from summed
    left join bills
        on
            summed.workspace_id = bills.workspace_id
            and summed.warehouse_id = bills.warehouse_id
            and summed.usage_date = bills.usage_date

)

select * from final
