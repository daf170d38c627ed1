{{ config(materialized='view') }}

with costs as (

    select * from {{ ref('genie_cost_by_message') }}

),

questions as (

    select * from {{ ref('genie_questions') }}

),

final as (

    select
        cast(questions.message_key as {{ dbt.type_string() }}) as message_key,
        cast(questions.workspace as {{ dbt.type_string() }}) as workspace,
        cast(questions.space as {{ dbt.type_string() }}) as space,
        cast(questions.asked_at as timestamp) as asked_at,
        cast(questions.asked_date as date) as asked_date,
        cast(questions.asked_by as {{ dbt.type_string() }}) as asked_by,
        cast(questions.question as {{ dbt.type_string() }}) as question,
        cast(questions.outcome as {{ dbt.type_string() }}) as outcome,
        cast(costs.statement_count as bigint) as statement_count,
        cast(costs.currency_code as {{ dbt.type_string() }}) as currency_code,
        cast(costs.warehouse_cost as decimal(18, 9)) as warehouse_cost,
        cast(costs.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(case
            when costs.statement_count = 0 then 'no SQL, nothing to pay for'
            else coalesce(costs.cost_reason, 'all of it is known')
        end as {{ dbt.type_string() }}) as cost_reason
    from costs
    inner join questions
        on costs.message_key = questions.message_key

)

select * from final
