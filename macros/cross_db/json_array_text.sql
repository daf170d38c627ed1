{#-
    Elements of the array at a path of a json_document as one text, in order, with a separator (an SQL
    expression) between them; of each element one field, if named. Nulls are left out; null where
    nothing is left, or there is no array.
-#}
{% macro json_array_text(document, path, separator, field=none) %}
    {{- return(adapter.dispatch('json_array_text', 'genie_observability')(document, path, separator, field)) }}
{% endmacro %}

{% macro duckdb__json_array_text(document, path, separator, field) -%}
    nullif(array_to_string(
        json_extract_string(
            {{ document }}, '{{ json_path(path) }}[*]{{ "." ~ field if field }}'
        ), {{ separator }}
    ), '')
{%- endmacro %}

{# the case keeps jsonb_array_elements from raising on an object or a scalar #}
{% macro postgres__json_array_text(document, path, separator, field) -%}
    {%- set value = document ~ " #> '{" ~ path | join(',') ~ "}'" -%}
    (
        select nullif(
            string_agg(
                items.elem #>> '{ {{- field or '' -}} }', {{ separator }} order by items.ordinality
            ), ''
        )
        from jsonb_array_elements(
            case when jsonb_typeof({{ value }}) = 'array' then {{ value }} end
        ) with ordinality as items (elem, ordinality)
    )
{%- endmacro %}

{% macro databricks__json_array_text(document, path, separator, field) -%}
    {%- set items = "from_json(get_json_object(" ~ document ~ ", '" ~ json_path(path) ~ "'), 'array<string>')" -%}
    {%- if field -%}
        {%- set items = "transform(" ~ items ~ ", item -> get_json_object(item, '$." ~ field ~ "'))" -%}
    {%- endif -%}
    nullif(array_join({{ items }}, {{ separator }}), '')
{%- endmacro %}
