{#- 8-byte float: the one type whose name no two engines share. -#}
{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'genie_observability')()) }}{% endmacro %}

{% macro default__type_double() %}double{% endmacro %}

{% macro postgres__type_double() %}double precision{% endmacro %}
