{#- Ends a CTE that parses JSON: keeps Postgres from parsing again for each field that is read. -#}
{% macro parse_fence() %}{{ return(adapter.dispatch('parse_fence', 'genie_observability')()) }}{% endmacro %}

{% macro default__parse_fence() %}{% endmacro %}

{% macro postgres__parse_fence() %}offset 0{% endmacro %}
