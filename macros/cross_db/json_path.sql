{#- ['a', 0, 'b'] as the path text '$.a[0].b' of DuckDB and Databricks; [] is the document. -#}
{% macro json_path(path) -%}
    {%- set steps = ['$'] -%}
    {%- for step in path -%}
        {%- do steps.append('[' ~ step ~ ']' if step is number else '.' ~ step) -%}
    {%- endfor -%}
    {{ return(steps | join('')) }}
{%- endmacro %}
