{#-
    Parsed form of a text column that holds JSON, null where it is not JSON.
    Parse once, in the first CTE, and read with the json_* macros; on Postgres end that CTE with
    parse_fence(), or the planner parses again for every field.
-#}
{% macro json_document(column) %}
    {{- return(adapter.dispatch('json_document', 'genie_observability')(column)) }}
{% endmacro %}

{% macro duckdb__json_document(column) %}try_cast({{ column }} as json){% endmacro %}

{% macro postgres__json_document(column) -%}
    {{ parse_function('try_jsonb') }}({{ column }})
{%- endmacro %}

{# get_json_object takes the text itself and gives null on bad JSON #}
{% macro databricks__json_document(column) %}{{ column }}{% endmacro %}
