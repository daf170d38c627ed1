{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='usage_key',
    indexes=postgres_indexes([['usage_key'], ['workspace_id', 'usage_date']], unique=true),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{%- set columns = [
    'workspace_id', 'usage_date', 'genie_surface', 'genie_channel', 'space_id', 'user_email',
    'sku_name', 'usage_unit',
] %}

with usage as (

    select * from {{ ref('silver_usage_costs') }}
    where cost_stream = 'llm'

),

touched as (

    select distinct
        workspace_id,
        usage_date
    from usage
    {% if is_incremental() %}
        where {{ is_new_since_last_build(kept_column='source_loaded_at') }}
    {% endif %}

),

-- originals, retractions and restatements add up to what is billed now
summed as (

    select
        {% for name in columns -%}
            usage.{{ name }},
        {% endfor -%}
        count(*) as record_count,
        sum(usage.usage_quantity) as usage_quantity,
        sum(usage.cost) as cost,
        sum(usage.free_equivalent_cost) as free_equivalent_cost,
        bool_or(usage.is_free) as is_free,
        {{ summed_cost_status(cost_status('usage.cost_reason')) }} as cost_status,
        max(usage.cost_reason) as cost_reason,
        max(usage.loaded_at) as loaded_at
    from usage
    inner join touched
        on
            usage.workspace_id = touched.workspace_id
            and usage.usage_date = touched.usage_date
    group by
        usage.workspace_id,
        usage.usage_date,
        usage.genie_surface,
        usage.genie_channel,
        usage.space_id,
        usage.user_email,
        usage.sku_name,
        usage.usage_unit

),

final as (

    select
        cast({{ surrogate_key(columns) }} as {{ dbt.type_string() }}) as usage_key,
        {% for name in columns -%}
            cast({{ name }} as {{ 'date' if name == 'usage_date' else dbt.type_string() }})
                as {{ name }},
        {% endfor -%}
        cast(record_count as bigint) as record_count,
        cast(usage_quantity as decimal(20, 10)) as usage_quantity,
        cast('{{ var("cost_currency") }}' as {{ dbt.type_string() }}) as currency_code,
        cast(cost as decimal(18, 9)) as cost,
        cast(free_equivalent_cost as decimal(18, 9)) as free_equivalent_cost,
        cast(is_free as boolean) as is_free,
        cast(cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(cost_reason as {{ dbt.type_string() }}) as cost_reason,
        cast(loaded_at as timestamp) as source_loaded_at
    from summed

)

select * from final
