{#-
    Exact quantile of a number in a group, between the two nearest values; the same to 6 digits everywhere, where
    engines' own differ in the last.
-#}
{% macro quantile(value, share) -%}
    cast(round(cast(
        percentile_cont({{ share }}) within group (order by cast({{ value }} as {{ type_double() }}))
        as decimal(38, 12)
    ), 6) as {{ type_double() }})
{%- endmacro %}
