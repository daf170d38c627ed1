{#- A map column in the form that map_value() reads; parsed once where it is JSON text. -#}
{% macro map_document(column) %}
    {{- return(adapter.dispatch('map_document', 'genie_observability')(column)) }}
{% endmacro %}

{% macro default__map_document(column) %}{{ json_document(column) }}{% endmacro %}

{% macro databricks__map_document(column) %}{{ column }}{% endmacro %}
