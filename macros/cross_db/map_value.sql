{#-
    A value of a map column: a MAP where system tables are read in place (Databricks), JSON text
    elsewhere. Takes what map_document() made of the column.
-#}
{% macro map_value(document, key) %}
    {{- return(adapter.dispatch('map_value', 'genie_observability')(document, key)) }}
{% endmacro %}

{% macro default__map_value(document, key) %}{{ json_text(document, [key]) }}{% endmacro %}

{% macro databricks__map_value(document, key) %}{{ document }}['{{ key }}']{% endmacro %}
