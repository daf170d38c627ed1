{#- Text, or null where the privacy mode or a purge put a mark in its place. -#}
{% macro kept_text(text) -%}
    nullif(nullif({{ text }}, '[redacted]'), '[purged]')
{%- endmacro %}
