{#- Elements of the array at a path of a json_document (bigint); null where there is no array. -#}
{% macro json_array_length(document, path) %}
    {{- return(adapter.dispatch('json_array_length', 'genie_observability')(document, path)) }}
{% endmacro %}

{% macro duckdb__json_array_length(document, path) -%}
    case
        when json_type({{ document }}, '{{ json_path(path) }}') = 'ARRAY'
            then cast(json_array_length({{ document }}, '{{ json_path(path) }}') as bigint)
    end
{%- endmacro %}

{% macro postgres__json_array_length(document, path) -%}
    {%- set value = document ~ " #> '{" ~ path | join(',') ~ "}'" -%}
    case
        when jsonb_typeof({{ value }}) = 'array'
            then cast(jsonb_array_length({{ value }}) as bigint)
    end
{%- endmacro %}

{% macro databricks__json_array_length(document, path) -%}
    cast(json_array_length(get_json_object({{ document }}, '{{ json_path(path) }}')) as bigint)
{%- endmacro %}
