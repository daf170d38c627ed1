{#-
    A system table to read from, or no rows of its columns (by name with their type on Databricks)
    where the account does not show it to us: the build goes on, and what is made of it says why it is
    missing. Landing tables are always there.
-#}
{% macro system_relation(relation, columns) %}
    {{- return(adapter.dispatch('system_relation', 'genie_observability')(relation, columns)) }}
{% endmacro %}

{% macro default__system_relation(relation, columns) %}{{ return(relation) }}{% endmacro %}

{# information_schema tells of what we may read and of nothing else; asking for the rest fails #}
{% macro databricks__system_relation(relation, columns) -%}
    {%- if not execute or relation.is_cte -%}{{ return(relation) }}{%- endif -%}
    {%- set found = run_query(
        'select count(*) as table_count from ' ~ relation.database ~ '.information_schema.tables'
        ~ " where table_schema = '" ~ relation.schema ~ "'"
        ~ " and table_name = '" ~ relation.identifier ~ "'"
    ) -%}
    {%- if found.rows[0]['table_count'] | int > 0 -%}{{ return(relation) }}{%- endif -%}
    (
        select
            {%- for name, type in columns.items() %}
            cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
    )
{%- endmacro %}
