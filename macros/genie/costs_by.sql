{#-
    Costs of each workspace, day and value of a column of silver_genie_costs, such as space_id: the
    body of an incremental model with the key cost_key.
-#}
{% macro costs_by(key) -%}
{%- set is_news = is_new_since_last_build(kept_column='source_loaded_at') %}

with costs as (

    select * from {{ ref('silver_genie_costs') }}

),

billed as (

    select
        workspace_id,
        max(usage_end_time) as billed_until
    from {{ ref('silver_usage_costs') }}
    group by workspace_id

),

-- news of the bill may also tell that a day's models will not be billed any more
touched as (

    select distinct
        workspace_id,
        usage_date
    from costs
    {% if is_incremental() %}
        where {{ is_news }}
        union
        select distinct
            workspace_id,
            usage_date
        from {{ this }}
        where
            llm_status = 'pending'
            and exists (select 1 from costs where cost_kind = 'llm' and {{ is_news }})
    {% endif %}

),

-- what the bill gives to nobody is not shared out by guess
summed as (

    select
        costs.workspace_id,
        costs.{{ key }},
        costs.usage_date,
        {% for kind in ['message', 'authoring', 'llm'] -%}
            {%- set is_kind = "costs.cost_kind = '" ~ kind ~ "'" -%}
            count(case when {{ is_kind }} then 1 end) as {{ kind }}_count,
            sum(case when {{ is_kind }} then costs.cost end) as {{ kind }}_cost,
            {{ summed_cost_status("case when " ~ is_kind ~ " then costs.cost_status end") }}
                as {{ kind }}_status,
            max(case when {{ is_kind }} then costs.cost_reason end) as {{ kind }}_reason,
        {% endfor -%}
        sum(costs.usage_quantity) as llm_usage_quantity,
        sum(costs.free_equivalent_cost) as llm_free_equivalent_cost,
        max(costs.loaded_at) as loaded_at
    from costs
    inner join touched
        on
            costs.workspace_id = touched.workspace_id
            and costs.usage_date = touched.usage_date
    group by costs.workspace_id, costs.{{ key }}, costs.usage_date

),

explained as (

    select
        summed.*,
        case
            when summed.llm_count > 0 then summed.llm_reason
            when billed.billed_until is null then 'no billing data'
            when
                cast(summed.usage_date as timestamp)
                >= billed.billed_until - interval '{{ var("bill_delay_hours") | int }}' hour
                then 'not billed yet'
        end as llm_missing_reason
    from summed
    left join billed
        on summed.workspace_id = billed.workspace_id

),

final as (

    select
        cast(
            {{ surrogate_key(['workspace_id', key, 'usage_date']) }}
            as {{ dbt.type_string() }}
        ) as cost_key,
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast({{ key }} as {{ dbt.type_string() }}) as {{ key }},
        cast(usage_date as date) as usage_date,
        cast('{{ var("cost_currency") }}' as {{ dbt.type_string() }}) as currency_code,
        {% for kind in ['message', 'authoring'] -%}
            cast({{ kind }}_count as bigint) as {{ kind }}_statement_count,
            cast(
                case when {{ kind }}_count = 0 then 0 else {{ kind }}_cost end as decimal(18, 9)
            ) as {{ kind }}_cost,
            cast({{ kind }}_status as {{ dbt.type_string() }}) as {{ kind }}_status,
            cast({{ kind }}_reason as {{ dbt.type_string() }}) as {{ kind }}_reason,
        {% endfor -%}
        cast(coalesce(llm_usage_quantity, 0) as decimal(20, 10)) as llm_usage_quantity,
        cast(
            case when llm_count = 0 and llm_missing_reason is null then 0 else llm_cost end
            as decimal(18, 9)
        ) as llm_cost,
        cast(llm_free_equivalent_cost as decimal(18, 9)) as llm_free_equivalent_cost,
        cast(
            case
                when llm_count > 0 then llm_status
                else {{ cost_status('llm_missing_reason') }}
            end as {{ dbt.type_string() }}
        ) as llm_status,
        cast(llm_missing_reason as {{ dbt.type_string() }}) as llm_reason,
        cast(loaded_at as timestamp) as source_loaded_at
    from explained

)

select * from final
{%- endmacro %}
