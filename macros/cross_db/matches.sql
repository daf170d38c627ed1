{#- Whether text matches a regular expression (no look-around, no \w: engines differ on both). -#}
{% macro matches(text, pattern) %}
    {{- return(adapter.dispatch('matches', 'genie_observability')(text, pattern)) }}
{% endmacro %}

{% macro duckdb__matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro postgres__matches(text, pattern) %}{{ text }} ~ '{{ pattern }}'{% endmacro %}

{% macro databricks__matches(text, pattern) %}{{ text }} rlike r'{{ pattern }}'{% endmacro %}
