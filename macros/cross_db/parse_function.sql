{#- Qualified name of a function that create_parse_functions() makes on Postgres. -#}
{% macro parse_function(name) %}{{ generate_schema_name('genie_bronze', none) }}.{{ name }}{% endmacro %}
