{#-
    A post-hook for tables built from system tables: texts of rows that are too old become '[purged]',
    wherever the rows came from. The rows count as loaded now, so that what is made of them follows.
-#}
{% macro purge_texts(relation, time_column, columns) -%}
    {%- if var('content_retention_days') is not none -%}
    update {{ relation }}
    set
        {%- for column in columns %}
        {{ column }} = case when {{ column }} is not null then '[purged]' end,
        {%- endfor %}
        loaded_at = {{ current_utc() }}
    where
        {{ time_column }} < {{ content_expiry() }}
        and (
            {%- for column in columns %}
            {{ 'or ' if not loop.first }}{{ column }} <> '[purged]'
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}
