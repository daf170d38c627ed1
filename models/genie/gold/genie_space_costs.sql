{{ config(materialized='view') }}

{%- set kinds = {
    'answers': ('message', 'message_statement_count'),
    'other statements': ('authoring', 'authoring_statement_count'),
    'language models': ('llm', 'llm_usage_quantity'),
} %}

with costs as (

    select * from {{ ref('genie_cost_by_space') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

spaces as (

    select * from {{ ref('silver_spaces') }}

),

unpivoted as (

    {% for kind, (name, usage) in kinds.items() %}
        select
            cost_key,
            workspace_id,
            space_id,
            usage_date,
            '{{ kind }}' as cost_kind,
            currency_code,
            {{ name }}_cost as cost,
            {{ name }}_status as cost_status,
            {{ name }}_reason as cost_reason
        from costs
        where {{ usage }} <> 0 or {{ name }}_status <> 'priced'
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        cast(unpivoted.cost_key as {{ dbt.type_string() }}) as cost_key,
        cast(
            coalesce(workspaces.workspace_name, unpivoted.workspace_id) as {{ dbt.type_string() }}
        ) as workspace,
        cast(coalesce(
            spaces.title, unpivoted.space_id, 'no space on the bill'
        ) as {{ dbt.type_string() }}) as space,
        cast(unpivoted.usage_date as date) as usage_date,
        cast(unpivoted.cost_kind as {{ dbt.type_string() }}) as cost_kind,
        cast(unpivoted.currency_code as {{ dbt.type_string() }}) as currency_code,
        cast(unpivoted.cost as decimal(18, 9)) as cost,
        cast(unpivoted.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(coalesce(unpivoted.cost_reason, 'all of it is known') as {{ dbt.type_string() }})
            as cost_reason
    from unpivoted
    left join workspaces
        on unpivoted.workspace_id = workspaces.workspace_id
    left join spaces
        on
            unpivoted.workspace_id = spaces.workspace_id
            and unpivoted.space_id = spaces.space_id

)

select * from final
