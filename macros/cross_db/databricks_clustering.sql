{#- Columns for liquid_clustered_by in the config of a model; none elsewhere. -#}
{% macro databricks_clustering(columns) %}
    {{- return(adapter.dispatch('databricks_clustering', 'genie_observability')(columns)) }}
{% endmacro %}

{% macro default__databricks_clustering(columns) %}{{ return(none) }}{% endmacro %}

{% macro databricks__databricks_clustering(columns) %}{{ return(columns) }}{% endmacro %}
