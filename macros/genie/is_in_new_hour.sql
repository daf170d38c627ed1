{#-
    Predicate of an increment that sums up a system table by the hour: all rows from the first hour
    that has new ones to the last, as literals. Landed, those of new batches; in place, those behind the
    watermark less lookback_minutes, and landing_lookback_days once a day.
-#}
{% macro is_in_new_hour(relation, time_column) %}
    {{- return(adapter.dispatch('is_in_new_hour', 'genie_observability')(relation, time_column)) }}
{% endmacro %}

{% macro default__is_in_new_hour(relation, time_column) -%}
    {%- if not (execute and is_incremental()) -%}{{ return('true') }}{%- endif -%}
    {%- set new = run_query(
        'select min(' ~ time_column ~ ') as first_at, max(' ~ time_column ~ ') as last_at from '
        ~ relation ~ ' where ' ~ is_new_batch(with_purged=false)
    ).rows[0] -%}
    {%- if new['first_at'] is none -%}{{ return('false') }}{%- endif -%}
    {{ time_column }} >= timestamp '{{ new["first_at"].strftime("%Y-%m-%d %H:00:00") }}'
    and {{ time_column }} < timestamp '{{ new["last_at"].strftime("%Y-%m-%d %H:00:00") }}' + interval '1' hour
{%- endmacro %}

{% macro databricks__is_in_new_hour(relation, time_column) -%}
    {%- set now = modules.datetime.datetime.now(modules.pytz.utc) -%}
    {%- set start = now - modules.datetime.timedelta(days=var('days_lookback') | int) -%}
    {%- if execute and is_incremental() -%}
        {%- set kept = run_query('select max(hour_start) as newest, max(loaded_at) as loaded_at from ' ~ this).rows[0] -%}
        {%- if kept['newest'] is not none -%}
            {%- set is_first = kept['loaded_at'].date() < now.date() -%}
            {%- set minutes = (var('landing_lookback_days') | int) * 1440 if is_first else var('lookback_minutes') | int -%}
            {%- set start = kept['newest'] - modules.datetime.timedelta(minutes=minutes) -%}
        {%- endif -%}
    {%- endif -%}
    {{ time_column }} >= timestamp '{{ start.strftime("%Y-%m-%d %H:00:00") }}'
{%- endmacro %}
