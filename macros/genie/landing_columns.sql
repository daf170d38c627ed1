{#- fetched_at and batch_id of a system table's row: landed with it, or made up where it is read in place. -#}
{% macro landing_columns() %}
    {{- return(adapter.dispatch('landing_columns', 'genie_observability')()) }}
{% endmacro %}

{% macro default__landing_columns() -%}
    fetched_at,
    batch_id
{%- endmacro %}

{% macro databricks__landing_columns() -%}
    current_timestamp() as fetched_at,
    'in place' as batch_id
{%- endmacro %}
