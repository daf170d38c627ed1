{{ config(materialized='table') }}

{%- set fields = ['title', 'description', 'warehouse_id', 'parent_path'] %}
{%- set lists = {
    'table_count': ['data_sources', 'tables'],
    'example_sql_count': ['instructions', 'example_question_sqls'],
    'benchmark_count': ['benchmarks', 'questions'],
} %}
{%- set space = 'partition by workspace_id, space_id order by fetched_at, batch_id' %}

with landed as (

    select
        *,
        {{ json_document('payload') }} as body
    from {{ ref('bronze_genie__spaces') }}
    {{ parse_fence() }}

),

described as (

    select
        workspace_id,
        space_id,
        payload,
        {%- for name in fields + ['serialized_space'] %}
            {{ json_text('body', [name]) }} as {{ name }},
        {%- endfor %}
        fetched_at,
        batch_id
    from landed
    {{ parse_fence() }}

),

parsed as (

    select
        *,
        {{ json_document('serialized_space') }} as space_config
    from described
    {{ parse_fence() }}

),

counted as (

    select
        *,
        {%- for name, path in lists.items() %}
            case
                when {{ json_text('space_config', []) }} is not null
                    then coalesce({{ json_array_length('space_config', path) }}, 0)
            end as {{ name }},
        {%- endfor %}
        row_number() over ({{ space }}) = 1 as is_first
    from parsed

),

compared as (

    select
        *,
        {%- for name in fields + ['payload', 'serialized_space'] + lists.keys() | list %}
            lag({{ name }}) over ({{ space }}) as previous_{{ name }},
        {%- endfor %}
        row_number() over ({{ space }}) as version_number
    from counted

),

flagged as (

    select
        *,
        {%- for name in fields %}
            not is_first and ({{ name }} is distinct from previous_{{ name }})
                as has_new_{{ name }},
        {%- endfor %}
        coalesce(serialized_space <> previous_serialized_space, false) as has_new_configuration,
        not is_first and (serialized_space is null) <> (previous_serialized_space is null)
            as has_new_access
    from compared
    where is_first or (payload is distinct from previous_payload)

),

final as (

    select
        cast(flagged.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(flagged.space_id as {{ dbt.type_string() }}) as space_id,
        cast(flagged.version_number as bigint) as version_number,
        cast(flagged.fetched_at as timestamp) as changed_seen_at,
        cast(flagged.is_first as boolean) as is_first,
        cast(flagged.title as {{ dbt.type_string() }}) as title,
        cast(flagged.previous_title as {{ dbt.type_string() }}) as previous_title,
        cast(flagged.has_new_title as boolean) as is_title_changed,
        cast(flagged.has_new_description as boolean) as is_description_changed,
        cast(flagged.has_new_warehouse_id as boolean) as is_warehouse_changed,
        cast(flagged.has_new_parent_path as boolean) as is_folder_changed,
        cast(flagged.has_new_configuration as boolean) as is_configuration_changed,
        cast(flagged.has_new_access as boolean) as is_access_changed,
        cast(flagged.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(flagged.previous_warehouse_id as {{ dbt.type_string() }}) as previous_warehouse_id,
        {%- for name in lists.keys() %}
            cast(flagged.{{ name }} as bigint) as {{ name }},
            cast(flagged.previous_{{ name }} as bigint) as previous_{{ name }},
        {%- endfor %}
        cast(flagged.batch_id as {{ dbt.type_string() }}) as batch_id
    from flagged
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on flagged.workspace_id = workspaces.workspace_id

)

select * from final
