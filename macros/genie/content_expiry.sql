{#- Content older than this goes (var content_retention_days); null, which nothing is older than, keeps all. -#}
{% macro content_expiry() -%}
    {%- set days = var('content_retention_days') -%}
    {%- if days is none -%}
        cast(null as timestamp)
    {%- elif days | int < 1 -%}
        {{ exceptions.raise_compiler_error(
            'content_retention_days is ' ~ days ~ ': give a number of days from 1, or none to keep all content'
        ) }}
    {%- else -%}
        {{ current_utc() }} - interval '{{ days | int }}' day
    {%- endif -%}
{%- endmacro %}
