{#-
    Predicate of an increment over a system table. Landed (DuckDB, Postgres): new batches. In place
    (Databricks): rows behind the watermark less lookback_minutes; once a day, and on the first
    load, the whole of days_lookback, so that late events are found; more after a longer outage.
    Dates are literals there: the tables are pruned by them.
-#}
{% macro is_new_system_row(time_column, date_column=none) %}
    {{- return(adapter.dispatch('is_new_system_row', 'genie_observability')(time_column, date_column)) }}
{% endmacro %}

{% macro default__is_new_system_row(time_column, date_column) -%}
    {#- purged rows are rows that the table holds already, and masks itself -#}
    {% if is_incremental() %}{{ is_new_batch(with_purged=false) }}{% else %}true{% endif %}
{%- endmacro %}

{% macro databricks__is_new_system_row(time_column, date_column) -%}
    {%- set now = modules.datetime.datetime.now(modules.pytz.utc) -%}
    {%- set start = now - modules.datetime.timedelta(days=var('days_lookback') | int) -%}
    {%- if execute and is_incremental() -%}
        {%- set stored = run_query(
            'select max(' ~ time_column ~ ') as newest, max(loaded_at) as loaded_at from ' ~ this
        ).rows[0] -%}
        {%- set newest = stored['newest'] -%}
        {#- after a long outage the newest row lies before the sweep -#}
        {%- if
            newest is not none
            and (stored['loaded_at'].date() == now.date() or newest.date() < start.date())
        -%}
            {%- set start = newest - modules.datetime.timedelta(minutes=var('lookback_minutes') | int) -%}
        {%- endif -%}
    {%- endif -%}
    {{ time_column }} >= timestamp '{{ start.strftime("%Y-%m-%d %H:%M:%S") }}'
    {%- if date_column %}
    and {{ date_column }} >= date '{{ start.strftime("%Y-%m-%d") }}'
    {%- endif %}
{%- endmacro %}
