{#- Text at a path of a json_document; null for a missing key, a JSON null or a path through a scalar. -#}
{% macro json_text(document, path) %}
    {{- return(adapter.dispatch('json_text', 'genie_observability')(document, path)) }}
{% endmacro %}

{% macro duckdb__json_text(document, path) -%}
    json_extract_string({{ document }}, '{{ json_path(path) }}')
{%- endmacro %}

{% macro postgres__json_text(document, path) -%}
    ({{ document }} #>> '{ {{- path | join(',') -}} }')
{%- endmacro %}

{% macro databricks__json_text(document, path) -%}
    get_json_object({{ document }}, '{{ json_path(path) }}')
{%- endmacro %}
