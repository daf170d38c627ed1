{#- Seconds from one timestamp to a later one (double); engines' own differences count boundaries. -#}
{% macro seconds_between(earlier, later) -%}
    (cast({{ microseconds(later) }} - {{ microseconds(earlier) }} as {{ type_double() }}) / 1000000)
{%- endmacro %}
