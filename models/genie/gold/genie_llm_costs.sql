{{ config(materialized='view') }}

with usage as (

    select * from {{ ref('genie_llm_usage') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

spaces as (

    select * from {{ ref('silver_spaces') }}

),

final as (

    select
        cast(usage.usage_key as {{ dbt.type_string() }}) as usage_key,
        cast(
            coalesce(workspaces.workspace_name, usage.workspace_id) as {{ dbt.type_string() }}
        ) as workspace,
        cast(coalesce(
            spaces.title, usage.space_id, 'no space on the bill'
        ) as {{ dbt.type_string() }}) as space,
        cast(usage.usage_date as date) as usage_date,
        {%- for name in [
            'genie_surface', 'genie_channel', 'user_email', 'sku_name', 'usage_unit'
        ] %}
            cast(usage.{{ name }} as {{ dbt.type_string() }}) as {{ name }},
        {%- endfor %}
        cast(usage.usage_quantity as decimal(20, 10)) as usage_quantity,
        cast(usage.currency_code as {{ dbt.type_string() }}) as currency_code,
        cast(usage.cost as decimal(18, 9)) as cost,
        cast(usage.free_equivalent_cost as decimal(18, 9)) as free_equivalent_cost,
        cast(usage.is_free as boolean) as is_free,
        cast(usage.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(case
            when usage.is_free then 'free usage'
            else coalesce(usage.cost_reason, 'all of it is known')
        end as {{ dbt.type_string() }}) as cost_reason
    from usage
    left join workspaces
        on usage.workspace_id = workspaces.workspace_id
    left join spaces
        on
            usage.workspace_id = spaces.workspace_id
            and usage.space_id = spaces.space_id

)

select * from final
