{#-
    Columns of a system table that not every account has yet, by name with their type on Databricks:
    null where the table, read in place, lacks one. Landing tables have them all.
-#}
{% macro system_columns(relation, columns) %}
    {{- return(adapter.dispatch('system_columns', 'genie_observability')(relation, columns)) }}
{% endmacro %}

{% macro default__system_columns(relation, columns) -%}
    {{ columns.keys() | join(',\n            ') }}
{%- endmacro %}

{% macro databricks__system_columns(relation, columns) -%}
    {%- set present = [] -%}
    {#- what system_relation() made of an unreadable table is no relation, and has them all -#}
    {%- if execute and relation is not string and not relation.is_cte -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do present.append(column.name | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name, type in columns.items() -%}
        {{ ',\n            ' if not loop.first }}
        {{- name if name in present or not present else 'cast(null as ' ~ type ~ ') as ' ~ name }}
    {%- endfor -%}
{%- endmacro %}
