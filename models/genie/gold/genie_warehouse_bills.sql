{{ config(materialized='view') }}

with bills as (

    select * from {{ ref('genie_cost_reconciliation') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

final as (

    select
        cast(bills.cost_key as {{ dbt.type_string() }}) as cost_key,
        cast(
            coalesce(workspaces.workspace_name, bills.workspace_id) as {{ dbt.type_string() }}
        ) as workspace,
        cast(bills.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(bills.usage_date as date) as usage_date,
        cast(bills.currency_code as {{ dbt.type_string() }}) as currency_code,
        {%- for name in ['billed', 'message', 'authoring', 'other', 'idle'] %}
            cast(bills.{{ name }}_cost as decimal(18, 9)) as {{ name }}_cost,
        {%- endfor %}
        -- shares are rounded: what is left of that is no cost
        cast(round(
            bills.billed_cost - coalesce(bills.message_cost, 0) - coalesce(bills.authoring_cost, 0)
            - coalesce(bills.other_cost, 0) - coalesce(bills.idle_cost, 0), 4
        ) as decimal(18, 9)) as unexplained_cost,
        cast(bills.unpriced_quantity as decimal(20, 10)) as unpriced_quantity,
        cast(bills.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(coalesce(bills.cost_reason, 'all of it is known') as {{ dbt.type_string() }})
            as cost_reason
    from bills
    left join workspaces
        on bills.workspace_id = workspaces.workspace_id

)

select * from final
