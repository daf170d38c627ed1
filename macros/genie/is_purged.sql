{#- Whether a landed row was written by `genie-ingest purge`, which marks its batches. -#}
{% macro is_purged(batch_id='batch_id') -%}
    {{ batch_id }} like '%-purged'
{%- endmacro %}
