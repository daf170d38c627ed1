{#-
    A built model has the columns that its YAML declares, with their types, in their order: for Python models, on which
    dbt cannot enforce a contract. Both are asked of the engine, as contracts do.
-#}
{% test columns_as_declared(model) %}

{%- set differences = [] -%}
{%- if execute -%}
    {%- set nodes = graph.nodes.values() | selectattr('relation_name', 'equalto', model | string) | list -%}
    {%- set declared = format_columns(get_column_schema_from_query(get_empty_schema_sql(nodes[0].columns))) -%}
    {%- set built = format_columns(get_column_schema_from_query('select * from ' ~ model)) -%}
    {%- for place in range([declared | length, built | length] | max) -%}
        {%- set ours = declared[place].formatted | default('nothing') -%}
        {%- set found = built[place].formatted | default('nothing') -%}
        {%- if ours != found -%}
            {%- do differences.append("column " ~ (place + 1) ~ ": " ~ ours ~ " declared, " ~ found ~ " built") -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}

{%- for difference in differences %}
select '{{ difference }}' as difference
{{ 'union all' if not loop.last }}
{%- else %}
select 'none' as difference
from {{ model }}
where 1 = 0
{%- endfor %}

{% endtest %}
