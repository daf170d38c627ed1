{#-
    The largest value of a timestamp column of the table being built, less a number of days, as a
    literal, so that engines prune by it; the epoch when the table is empty.
-#}
{% macro stored_watermark(column, lookback_days=0) -%}
    {%- set value = none -%}
    {%- if execute -%}
        {%- set value = run_query('select max(' ~ column ~ ') as value from ' ~ this).columns[0].values()[0] -%}
    {%- endif -%}
    {%- if value is none -%}
        timestamp '1970-01-01 00:00:00'
    {%- else -%}
        {%- set start = value - modules.datetime.timedelta(days=lookback_days) -%}
        timestamp '{{ start.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
    {%- endif -%}
{%- endmacro %}
