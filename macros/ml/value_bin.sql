{#-
    Name of the bin that a value is in: between two bounds, the lower one included; each value its own
    bin where no bounds are given. Null is a bin.
-#}
{% macro value_bin(column, bounds=none) -%}
    {%- if bounds -%}
    case
        when {{ column }} is null then 'null'
        {%- for bound in bounds %}
        when {{ column }} < {{ bound }} then 'below {{ bound }}'
        {%- endfor %}
        else 'from {{ bounds | last }}'
    end
    {%- else -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null')
    {%- endif -%}
{%- endmacro %}
