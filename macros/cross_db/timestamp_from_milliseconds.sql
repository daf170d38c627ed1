{#- UTC timestamp of an epoch in milliseconds (bigint). -#}
{% macro timestamp_from_milliseconds(milliseconds) %}
    {{- return(adapter.dispatch('timestamp_from_milliseconds', 'genie_observability')(milliseconds)) }}
{% endmacro %}

{% macro duckdb__timestamp_from_milliseconds(milliseconds) -%}
    make_timestamp(({{ milliseconds }}) * 1000)
{%- endmacro %}

{% macro postgres__timestamp_from_milliseconds(milliseconds) -%}
    (timestamp '1970-01-01' + ({{ milliseconds }}) * interval '1 millisecond')
{%- endmacro %}

{% macro databricks__timestamp_from_milliseconds(milliseconds) -%}
    timestamp_millis({{ milliseconds }})
{%- endmacro %}
