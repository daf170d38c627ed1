{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='space_item_key',
    indexes=postgres_indexes(
        [['space_item_key'], ['workspace_id', 'space_id'], ['fetched_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'space_id']),
) }}

{%- set landing = ['workspace_id', 'space_id', 'fetched_at', 'batch_id'] %}
{%- set fields = ['title', 'description', 'warehouse_id', 'parent_path'] %}
{%- set lists = space_item_lists() %}
{%- set column = lists.pop('column') %}

with described as (

    select
        workspace_id,
        space_id,
        {%- for name in fields + ['serialized_space'] %}
            nullif({{ json_text('body', [name]) }}, '') as {{ name }},
        {%- endfor %}
        fetched_at,
        batch_id
    from (
        select
            *,
            {{ json_document('payload') }} as body
        from {{ ref('bronze_genie__spaces') }}
        {% if is_incremental() %}
            where {{ is_new_batch() }}
        {% endif %}
        {{ parse_fence() }}
    ) as landed
    {{ parse_fence() }}

),

documents as (

    select
        *,
        {{ json_document('serialized_space') }} as space_config
    from described
    {{ parse_fence() }}

),

-- a format tells a configuration that we may read from none, even where it is empty
parsed as (

    select
        *,
        case
            when {{ json_text('space_config', []) }} is not null
                then coalesce({{ json_text('space_config', ['version']) }}, 'unknown')
        end as format_version
    from documents

),

items as (

    {%- for kind in fields + ['format_version'] %}
        {{ 'union all' if not loop.first }}
        select
            workspace_id,
            space_id,
            fetched_at,
            batch_id,
            '{{ kind }}' as item_kind,
            '{{ kind }}' as item_id,
            cast(null as {{ dbt.type_string() }}) as parent_id,
            '{{ kind }}' as item_name,
            {{ kind }} as item_text,
            0 as item_position
        from parsed
        where {{ kind }} is not null
    {%- endfor %}
    {%- for kind, (path, id, name, texts) in lists.items() %}
        union all
        select
            parsed.{{ landing | join(', parsed.') }},
            '{{ kind }}' as item_kind,
            {{ json_text('item.elem', id) }} as item_id,
            null as parent_id,
            {{ config_text('item.elem', name) }} as item_name,
            {{ item_text('item.elem', texts) }} as item_text,
            item.pos as item_position
        from parsed
        {{ json_array_elements('parsed.space_config', path, 'item') }}
    {%- endfor %}
    {%- for sources in ['tables', 'metric_views'] %}
        union all
        select
            parsed.{{ landing | join(', parsed.') }},
            'column' as item_kind,
            {{ json_text('source.elem', ['identifier']) }}
            || '.' || {{ json_text('item.elem', column[1]) }} as item_id,
            {{ json_text('source.elem', ['identifier']) }} as parent_id,
            {{ json_text('item.elem', column[2]) }} as item_name,
            {{ item_text('item.elem', column[3]) }} as item_text,
            item.pos as item_position
        from parsed
        {{ json_array_elements('parsed.space_config', ['data_sources', sources], 'source') }}
        {{ json_array_elements('source.elem', column[0], 'item') }}
    {%- endfor %}

),

-- an element without an id, or with that of another one, is known by its place
named as (

    select
        *,
        row_number() over (
            partition by {{ landing | join(', ') }}, item_kind, item_id
            order by item_position
        ) as copy_number
    from items

),

final as (

    select
        {{ surrogate_key(landing + ['item_kind', 'item_id', 'copy_number']) }} as space_item_key,
        workspace_id,
        space_id,
        item_kind,
        case
            when copy_number = 1 and item_id is not null then item_id
            else coalesce(item_id, 'none') || ' ' || cast(copy_number as {{ dbt.type_string() }})
        end as item_id,
        parent_id,
        item_name,
        item_text,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from named

)

select * from final
