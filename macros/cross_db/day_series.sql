{#-
    A lateral join clause, put after the from item: one row per day from the first to the last, both included, with
    the column <alias>.series_day (date). The last must not be before the first: Spark refuses that.
-#}
{% macro day_series(first, last, alias) %}
    {{- return(adapter.dispatch('day_series', 'genie_observability')(first, last, alias)) }}
{% endmacro %}

{% macro duckdb__day_series(first, last, alias) -%}
    inner join lateral (
        select cast(unnest(series.days) as date) as series_day
        from (
            select generate_series(
                cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day'
            ) as days
        ) as series
    ) as {{ alias }} on true
{%- endmacro %}

{% macro postgres__day_series(first, last, alias) -%}
    inner join lateral (
        select cast(series.moment as date) as series_day
        from generate_series(
            cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day'
        ) as series (moment)
    ) as {{ alias }} on true
{%- endmacro %}

{% macro databricks__day_series(first, last, alias) -%}
    lateral view explode(
        sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)
    ) {{ alias }} as series_day
{%- endmacro %}
