{#-
    A lateral join clause, put after the from item: one row per element of the array at a path of a
    json_document, with columns <alias>.pos (from 0) and <alias>.elem, itself a json_document.
    Rows whose array is missing or empty disappear.
-#}
{% macro json_array_elements(document, path, alias) %}
    {{- return(adapter.dispatch('json_array_elements', 'genie_observability')(document, path, alias)) }}
{% endmacro %}

{% macro duckdb__json_array_elements(document, path, alias) -%}
    inner join lateral (
        select
            unnest(items.list) as elem,
            generate_subscripts(items.list, 1) - 1 as pos
        from (select json_extract({{ document }}, '{{ json_path(path) }}[*]') as list) as items
    ) as {{ alias }} on true
{%- endmacro %}

{# the case keeps jsonb_array_elements from raising on an object or a scalar #}
{% macro postgres__json_array_elements(document, path, alias) -%}
    {%- set value = document ~ " #> '{" ~ path | join(',') ~ "}'" -%}
    inner join lateral (
        select
            items.elem,
            items.ordinality - 1 as pos
        from jsonb_array_elements(
            case when jsonb_typeof({{ value }}) = 'array' then {{ value }} end
        ) with ordinality as items (elem, ordinality)
    ) as {{ alias }} on true
{%- endmacro %}

{% macro databricks__json_array_elements(document, path, alias) -%}
    lateral view posexplode(
        from_json(get_json_object({{ document }}, '{{ json_path(path) }}'), 'array<string>')
    ) {{ alias }} as pos, elem
{%- endmacro %}
