{{ config(materialized='table') }}

{%- set lists = {
    'sample_question_count': ['config', 'sample_questions'],
    'table_count': ['data_sources', 'tables'],
    'metric_view_count': ['data_sources', 'metric_views'],
    'text_instruction_count': ['instructions', 'text_instructions'],
    'example_sql_count': ['instructions', 'example_question_sqls'],
    'sql_function_count': ['instructions', 'sql_functions'],
    'join_count': ['instructions', 'join_specs'],
    'filter_count': ['instructions', 'sql_snippets', 'filters'],
    'expression_count': ['instructions', 'sql_snippets', 'expressions'],
    'measure_count': ['instructions', 'sql_snippets', 'measures'],
    'benchmark_count': ['benchmarks', 'questions'],
} %}

with spaces as (

    select * from {{ ref('silver_spaces') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

parsed as (

    select
        *,
        {{ json_document('serialized_space') }} as space_config
    from spaces
    {{ parse_fence() }}

),

configured_columns as (

    select
        parsed.workspace_id,
        parsed.space_id,
        sum({{ json_array_length('item.elem', ['column_configs']) }}) as column_count
    from parsed
    {{ json_array_elements('parsed.space_config', ['data_sources', 'tables'], 'item') }}
    group by parsed.workspace_id, parsed.space_id

),

counted as (

    select
        parsed.*,
        configured_columns.column_count,
        {%- for name, path in lists.items() %}
            {{ json_array_length('parsed.space_config', path) }} as {{ name }},
        {%- endfor %}
        {{ json_bigint('parsed.space_config', ['version']) }} as configuration_version,
        -- asked of the parsed form: text that does not parse is no configuration
        {{ json_text('parsed.space_config', []) }} is not null as has_configuration
    from parsed
    left join configured_columns
        on
            parsed.workspace_id = configured_columns.workspace_id
            and parsed.space_id = configured_columns.space_id

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
        {%- for name in lists.keys() | list + ['column_count'] %}
            cast(case
                when counted.has_configuration then coalesce(counted.{{ name }}, 0)
            end as bigint) as {{ name }},
        {%- endfor %}
        cast(counted.fetched_at as timestamp) as ingestion_timestamp,
        cast(counted.batch_id as {{ dbt.type_string() }}) as ingestion_batch_id
    from counted
    left join workspaces
        on counted.workspace_id = workspaces.workspace_id

)

select * from final
