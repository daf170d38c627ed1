{#-
    JSON text of an object or array inside a text column, keys in the order received.
    Takes the text and its json_document: jsonb forgets the order of keys, so Postgres reads the text.
-#}
{% macro json_fragment(column, document, path) %}
    {{- return(adapter.dispatch('json_fragment', 'genie_observability')(column, document, path)) }}
{% endmacro %}

{% macro duckdb__json_fragment(column, document, path) -%}
    cast(json_extract({{ document }}, '{{ json_path(path) }}') as varchar)
{%- endmacro %}

{% macro postgres__json_fragment(column, document, path) -%}
    cast(
        case when {{ document }} is not null then cast({{ column }} as json) end
        #> '{ {{- path | join(',') -}} }' as text
    )
{%- endmacro %}

{% macro databricks__json_fragment(column, document, path) -%}
    get_json_object({{ column }}, '{{ json_path(path) }}')
{%- endmacro %}
