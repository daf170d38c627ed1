{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['workspace_id', 'message_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['created_date', 'workspace_id']),
) }}

with messages as (

    select * from {{ ref('silver_messages') }}

),

costs as (

    select * from {{ ref('silver_statement_costs') }}

),

touched as (

    select message_key
    from messages
    {% if is_incremental() %}
        where {{ is_new_since_last_build(kept_column='source_loaded_at') }}
        union
        select message_key
        from costs
        where
            message_key is not null
            and {{ is_new_since_last_build(kept_column='source_loaded_at') }}
    {% endif %}

),

summed as (

    select
        costs.message_key,
        count(*) as statement_count,
        count(costs.cost) as priced_statement_count,
        sum(costs.total_task_duration_ms) as total_task_duration_ms,
        sum(costs.cost) as cost,
        {{ summed_cost_status('costs.cost_status') }} as cost_status,
        max(costs.cost_reason) as cost_reason,
        max(costs.loaded_at) as loaded_at
    from costs
    inner join touched
        on costs.message_key = touched.message_key
    group by costs.message_key

),

final as (

    select
        cast(messages.message_key as {{ dbt.type_string() }}) as message_key,
        cast(messages.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(messages.message_id as {{ dbt.type_string() }}) as message_id,
        cast(messages.space_id as {{ dbt.type_string() }}) as space_id,
        cast(messages.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast({{ timestamp_from_milliseconds('messages.created_timestamp') }} as date)
            as created_date,
        cast(coalesce(summed.statement_count, 0) as bigint) as statement_count,
        cast(coalesce(summed.priced_statement_count, 0) as bigint) as priced_statement_count,
        cast(coalesce(summed.total_task_duration_ms, 0) as bigint) as total_task_duration_ms,
        cast('{{ var("cost_currency") }}' as {{ dbt.type_string() }}) as currency_code,
        -- an answer without SQL uses no warehouse
        cast(case when summed.message_key is null then 0 else summed.cost end as decimal(18, 9))
            as warehouse_cost,
        cast(coalesce(summed.cost_status, 'priced') as {{ dbt.type_string() }}) as cost_status,
        cast(summed.cost_reason as {{ dbt.type_string() }}) as cost_reason,
        cast(greatest(messages.loaded_at, summed.loaded_at) as timestamp) as source_loaded_at
    from touched
    inner join messages
        on touched.message_key = messages.message_key
    left join summed
        on touched.message_key = summed.message_key

)

select * from final
