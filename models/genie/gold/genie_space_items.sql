{{ config(materialized='table') }}

{#- kind: where its items are, and which fields of an item are its name, text and SQL -#}
{%- set snippets = ['instructions', 'sql_snippets'] %}
{%- set kinds = [
    ('sample question', ['config', 'sample_questions'], none, ['question'], none),
    ('table', ['data_sources', 'tables'], ['identifier'], ['description'], none),
    ('metric view', ['data_sources', 'metric_views'], ['identifier'], ['description'], none),
    ('instruction', ['instructions', 'text_instructions'], none, ['content'], none),
    ('example SQL', ['instructions', 'example_question_sqls'], none, ['question'], ['sql']),
    ('SQL function', ['instructions', 'sql_functions'], ['identifier'], none, none),
    ('join', ['instructions', 'join_specs'], ['left', 'identifier'], ['instruction'], ['sql']),
    ('filter', snippets + ['filters'], ['display_name'], ['instruction'], ['sql']),
    ('expression', snippets + ['expressions'], ['alias'], ['instruction'], ['sql']),
    ('measure', snippets + ['measures'], ['alias'], ['instruction'], ['sql']),
    ('benchmark', ['benchmarks', 'questions'], none, ['question'], ['answer', 0, 'content']),
] %}

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

items as (

    {% for kind, path, name, text, sql in kinds -%}
        select
            parsed.workspace_id,
            parsed.space_id,
            parsed.title,
            '{{ kind }}' as item_kind,
            item.pos + 1 as item_number,
            {{ json_text('item.elem', name) if name else 'null' }} as item_name,
            {{ json_text('item.elem', ['right', 'identifier']) if kind == 'join' else 'null' }}
                as other_name,
            {{ json_array_text('item.elem', text, "''") if text else 'null' }} as item_text,
            {{ json_array_text('item.elem', sql, "' '") if sql else 'null' }} as item_sql
        from parsed
        {{ json_array_elements('parsed.space_config', path, 'item') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        cast(coalesce(workspaces.workspace_name, items.workspace_id) as {{ dbt.type_string() }})
            as workspace,
        cast(items.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(coalesce(items.title, items.space_id) as {{ dbt.type_string() }}) as space,
        cast(items.space_id as {{ dbt.type_string() }}) as space_id,
        cast(items.item_kind as {{ dbt.type_string() }}) as item_kind,
        cast(items.item_number as bigint) as item_number,
        cast(
            coalesce(items.item_name || ' with ' || items.other_name, items.item_name)
            as {{ dbt.type_string() }}
        ) as item_name,
        cast(items.item_text as {{ dbt.type_string() }}) as item_text,
        cast(items.item_sql as {{ dbt.type_string() }}) as item_sql
    from items
    left join workspaces
        on items.workspace_id = workspaces.workspace_id

)

select * from final
