{{ config(materialized='table') }}

{%- set phases = [
    'end_to_end', 'generation', 'statement', 'waiting_for_compute', 'queue', 'compilation',
    'execution', 'result_fetch'
] %}

with messages as (

    select * from {{ ref('genie_message_latency') }}
    where created_date is not null and end_status in ('measured', 'upper_bound')

),

-- an end that something moved since would make the answer seem slow
unpivoted as (

    {% for phase in phases %}
        select
            workspace_id,
            workspace_name,
            space_id,
            space_name,
            created_date,
            end_status,
            statement_status,
            '{{ phase }}' as phase,
            {% if phase in ('end_to_end', 'generation') -%}
                case when end_status = 'measured' then {{ phase }}_ms end as phase_ms
            {%- else -%}
                {{ phase }}_ms as phase_ms
            {%- endif %}
        from messages
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counts as (

    select
        workspace_id,
        space_id,
        created_date,
        phase,
        max(workspace_name) as workspace_name,
        max(space_name) as space_name,
        count(*) as message_count,
        count(phase_ms) as measured_count,
        count(case when statement_status <> 'no_statement' then 1 end) as sql_count,
        count(case when statement_status = 'found' then 1 end) as found_count,
        count(case when end_status = 'upper_bound' then 1 end) as upper_bound_count,
        {%- for name, share in {'p50': 0.5, 'p90': 0.9, 'p95': 0.95, 'p99': 0.99}.items() %}
            {{ quantile('phase_ms', share) }} as {{ name }}_ms,
        {%- endfor %}
        max(phase_ms) as longest_ms,
        sum(phase_ms) as total_ms
    from unpivoted
    group by workspace_id, space_id, created_date, phase

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(created_date as date) as created_date,
        cast(phase as {{ dbt.type_string() }}) as phase_name,
        cast(message_count as bigint) as message_count,
        cast(measured_count as bigint) as measured_count,
        cast(case
            when phase = 'end_to_end' and measured_count = 0 then 'upper_bounds_only'
            when phase = 'end_to_end' and upper_bound_count > 0 then 'without_upper_bounds'
            when phase = 'end_to_end' then 'measured'
            when phase <> 'generation' and sql_count = 0 then 'no_statement'
            when measured_count = 0 and found_count = 0 and sql_count > 0
                then 'not_in_query_history'
            when measured_count = 0 and phase = 'generation' then 'upper_bounds_only'
            when measured_count = 0 then 'not_in_this_account'
            when found_count < sql_count then 'partly_in_query_history'
            else 'measured'
        end as {{ dbt.type_string() }}) as latency_status,
        {%- for name in ['p50', 'p90', 'p95', 'p99'] %}
            cast({{ name }}_ms as {{ type_double() }}) as {{ name }}_ms,
        {%- endfor %}
        cast(longest_ms as bigint) as longest_ms,
        cast(total_ms / cast(1000 as {{ type_double() }}) as {{ type_double() }}) as total_seconds
    from counts

)

select * from final
