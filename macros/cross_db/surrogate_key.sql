{#- md5 over columns cast to text, null kept apart from empty. Never give it a double. -#}
{% macro surrogate_key(columns) -%}
    md5(
    {%- for column in columns -%}
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), '_null_')
        {{- " || '|' || " if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
