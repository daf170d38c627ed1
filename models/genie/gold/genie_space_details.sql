{{ config(materialized='table') }}

with spaces as (

    select * from {{ ref('silver_spaces') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

parsed as (

    select
        *,
        {{ json_document('serialized_space') }} as config
    from spaces
    {{ parse_fence() }}

),

tables as (

    select
        parsed.workspace_id,
        parsed.space_id,
        count(*) as table_count,
        sum({{ json_array_length('item.elem', ['column_configs']) }}) as column_count
    from parsed
    {{ json_array_elements('parsed.config', ['data_sources', 'tables'], 'item') }}
    group by parsed.workspace_id, parsed.space_id

),

counted as (

    select
        *,
        config is not null as has_configuration,
        {{ json_bigint('config', ['version']) }} as configuration_version
        {%- for name, path in {
            'sample_question_count': ['config', 'sample_questions'],
            'metric_view_count': ['data_sources', 'metric_views'],
            'text_instruction_count': ['instructions', 'text_instructions'],
            'example_sql_count': ['instructions', 'example_question_sqls'],
            'sql_function_count': ['instructions', 'sql_functions'],
            'join_count': ['instructions', 'join_specs'],
            'filter_count': ['instructions', 'sql_snippets', 'filters'],
            'expression_count': ['instructions', 'sql_snippets', 'expressions'],
            'measure_count': ['instructions', 'sql_snippets', 'measures'],
            'benchmark_count': ['benchmarks', 'questions'],
        }.items() %},
        case when config is not null then coalesce({{ json_array_length('config', path) }}, 0) end
            as {{ name }}
        {%- endfor %}
    from parsed

),

final as (

    select
        cast(counted.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(counted.space_id as {{ dbt.type_string() }}) as space_id,
        cast(counted.title as {{ dbt.type_string() }}) as title,
        cast(counted.description as {{ dbt.type_string() }}) as description,
        cast(counted.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(counted.parent_path as {{ dbt.type_string() }}) as parent_path,
        cast(counted.etag as {{ dbt.type_string() }}) as etag,
        cast(counted.has_configuration as boolean) as has_configuration,
        cast(counted.configuration_version as bigint) as configuration_version,
        cast(counted.sample_question_count as bigint) as sample_question_count,
        cast(case when counted.has_configuration then coalesce(tables.table_count, 0) end as bigint)
            as table_count,
        cast(case when counted.has_configuration then coalesce(tables.column_count, 0) end as bigint)
            as column_count,
        cast(counted.metric_view_count as bigint) as metric_view_count,
        cast(counted.text_instruction_count as bigint) as text_instruction_count,
        cast(counted.example_sql_count as bigint) as example_sql_count,
        cast(counted.sql_function_count as bigint) as sql_function_count,
        cast(counted.join_count as bigint) as join_count,
        cast(counted.filter_count as bigint) as filter_count,
        cast(counted.expression_count as bigint) as expression_count,
        cast(counted.measure_count as bigint) as measure_count,
        cast(counted.benchmark_count as bigint) as benchmark_count,
        cast(counted.fetched_at as timestamp) as ingestion_timestamp,
        cast(counted.batch_id as {{ dbt.type_string() }}) as ingestion_batch_id
    from counted
    left join workspaces
        on counted.workspace_id = workspaces.workspace_id
    left join tables
        on
            counted.workspace_id = tables.workspace_id
            and counted.space_id = tables.space_id

)

select * from final
