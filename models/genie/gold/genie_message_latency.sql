{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['workspace_id', 'space_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['created_date', 'workspace_id']),
) }}

with messages as (

    {{ changed_messages() }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

statuses as (

    select * from {{ ref('genie_message_statuses') }}

),

statements as (

    select * from {{ ref('silver_statement_times') }}

),

judged as (

    select
        messages.*,
        statements.first_start_ms,
        statements.busy_ms,
        {%- for name in
            ['waiting_for_compute', 'queue', 'compilation', 'execution', 'result_fetch']
        %}
            statements.{{ name }}_ms,
        {%- endfor %}
        messages.updated_timestamp - messages.created_timestamp as lasted_ms,
        case
            when not coalesce(statuses.is_final, false) then 'in_progress'
            when messages.status = 'CANCELLED' then 'cancelled'
            when
                messages.status = 'QUERY_RESULT_EXPIRED'
                or messages.auto_regenerate_count > 0
                or {{ microseconds('activity.first_change_at') }}
                <= messages.updated_timestamp * 1000
                then 'upper_bound'
            else 'measured'
        end as end_status,
        case
            when messages.statement_count = 0 then 'no_statement'
            when coalesce(statements.found_count, 0) = 0 then 'not_in_query_history'
            when statements.found_count < statements.statement_count then 'partly_in_query_history'
            else 'found'
        end as statement_status
    from messages
    left join statuses
        on messages.status = statuses.status
    left join activity
        on messages.message_key = activity.message_key
    left join statements
        on
            messages.message_key = statements.message_key
            and messages.ingestion_timestamp = statements.fetched_at
    where messages.status is not null

),

timed as (

    select
        *,
        case when end_status in ('measured', 'upper_bound') then lasted_ms end as end_to_end_ms,
        case when statement_status = 'found' then busy_ms end as statement_ms
    from judged

),

final as (

    select
        {%- for name in [
            'message_key', 'workspace_id', 'workspace_name', 'space_id', 'space_name', 'conversation_id',
            'message_id'
        ] %}
            cast({{ name }} as {{ dbt.type_string() }}) as {{ name }},
        {%- endfor %}
        cast(created_timestamp as bigint) as created_timestamp,
        cast(created_date as date) as created_date,
        cast(end_status as {{ dbt.type_string() }}) as end_status,
        cast(statement_status as {{ dbt.type_string() }}) as statement_status,
        cast(end_to_end_ms as bigint) as end_to_end_ms,
        cast(case
            when statement_status = 'no_statement' then end_to_end_ms
            else end_to_end_ms - statement_ms
        end as bigint) as generation_ms,
        cast(statement_ms as bigint) as statement_ms,
        cast(case
            when statement_status = 'found' then first_start_ms - created_timestamp
        end as bigint) as first_statement_after_ms,
        {%- for name in
            ['waiting_for_compute', 'queue', 'compilation', 'execution', 'result_fetch']
        %}
            cast(case
                when statement_status = 'found' then {{ name }}_ms
            end as bigint) as {{ name }}_ms,
        {%- endfor %}
        cast(source_loaded_at as timestamp) as source_loaded_at
    from timed

)

select * from final
