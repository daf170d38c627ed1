{#- Day of the week of a timestamp: 1 Monday to 7 Sunday (bigint). -#}
{% macro iso_day_of_week(timestamp) %}
    {{- return(adapter.dispatch('iso_day_of_week', 'genie_observability')(timestamp)) }}
{% endmacro %}

{% macro default__iso_day_of_week(timestamp) %}cast(extract(isodow from {{ timestamp }}) as bigint){% endmacro %}

{% macro databricks__iso_day_of_week(timestamp) -%}
    cast(extract(dayofweek_iso from {{ timestamp }}) as bigint)
{%- endmacro %}
