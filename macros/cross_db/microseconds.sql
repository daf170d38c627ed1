{#- Epoch of a timestamp in microseconds (bigint), exact. -#}
{% macro microseconds(timestamp) %}
    {{- return(adapter.dispatch('microseconds', 'genie_observability')(timestamp)) }}
{% endmacro %}

{% macro duckdb__microseconds(timestamp) %}epoch_us({{ timestamp }}){% endmacro %}

{% macro postgres__microseconds(timestamp) -%}
    cast(extract(epoch from {{ timestamp }}) * 1000000 as bigint)
{%- endmacro %}

{% macro databricks__microseconds(timestamp) %}unix_micros({{ timestamp }}){% endmacro %}
