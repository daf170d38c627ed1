{#-
    A built model has the columns that its YAML declares, with their types, in their order: for Python models, on which
    dbt cannot enforce a contract. Both are asked of the engine, as a contract does; a twin in SQL has its contract.
-#}
{% test columns_as_declared(model) %}

{%- set differences = [] -%}
{%- set nodes = [] -%}
{%- if execute -%}
    {%- set nodes = graph.nodes.values() | selectattr('relation_name', 'equalto', model | string) | list -%}
{%- endif -%}
{%- if nodes and not nodes[0].config.contract.enforced -%}
    {%- set declared = get_column_schema_from_query(get_empty_schema_sql(nodes[0].columns)) -%}
    {%- set built = get_column_schema_from_query('select * from ' ~ model) -%}
    {%- set ours = format_columns(declared) | map(attribute='formatted') | list -%}
    {%- set found = format_columns(built) | map(attribute='formatted') | list -%}
    {%- for place in range([ours | length, found | length] | max) if ours[place] != found[place] -%}
        {%- do differences.append(
            ours[place] | default('nothing') ~ ' is declared, ' ~ found[place] | default('nothing') ~ ' is built'
        ) -%}
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
