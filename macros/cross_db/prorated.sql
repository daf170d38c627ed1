{#-
    Part of an amount of money: amount * part / whole, to nine decimals, half away from zero; null
    where the whole is nothing. Whole numbers all the way: engines divide decimals each in their own
    way. Takes a decimal(18, 9) of at least zero and two bigints.
-#}
{% macro prorated(amount, part, whole) %}
    {{- return(adapter.dispatch('prorated', 'genie_observability')(amount, part, whole)) }}
{% endmacro %}

{% macro duckdb__prorated(amount, part, whole) -%}
    cast(
        (
            2 * cast(cast({{ amount }} as decimal(28, 9)) * 1000000000 as hugeint) * {{ part }} + {{ whole }}
        ) // nullif(2 * cast({{ whole }} as hugeint), 0) as decimal(18, 0)
    ) * cast(0.000000001 as decimal(10, 9))
{%- endmacro %}

{% macro postgres__prorated(amount, part, whole) -%}
    div(
        2 * ({{ amount }} * 1000000000) * {{ part }} + {{ whole }},
        nullif(2 * cast({{ whole }} as numeric), 0)
    ) * 0.000000001
{%- endmacro %}

{% macro databricks__prorated(amount, part, whole) -%}
    cast(
        cast(
            2 * cast({{ amount }} * 1000000000 as decimal(18, 0)) * {{ part }} + {{ whole }}
            as decimal(38, 0)
        ) div nullif(2 * cast({{ whole }} as decimal(20, 0)), 0) as decimal(18, 0)
    ) * cast(0.000000001 as decimal(10, 9))
{%- endmacro %}
