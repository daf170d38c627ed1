{{ config(materialized='view') }}

-- a statement that a message showed once and query history never had is nothing any more
with statement_costs as (

    select * from {{ ref('silver_statement_costs') }}
    where start_time is not null or message_key is not null

),

llm_usage as (

    select * from {{ ref('silver_usage_costs') }}
    where cost_stream = 'llm'

),

final as (

    select
        case when is_authoring then 'authoring' else 'message' end as cost_kind,
        workspace_id,
        space_id,
        user_email,
        usage_date,
        cast(null as decimal(20, 10)) as usage_quantity,
        cost,
        cast(null as decimal(18, 9)) as free_equivalent_cost,
        cost_status,
        cost_reason,
        loaded_at
    from statement_costs
    union all
    select
        'llm' as cost_kind,
        workspace_id,
        space_id,
        user_email,
        usage_date,
        usage_quantity,
        cost,
        free_equivalent_cost,
        {{ cost_status('cost_reason') }} as cost_status,
        cost_reason,
        loaded_at
    from llm_usage

)

select * from final
