{#-
    Whether a landed row was written before this dbt run began; later ones may be in no model yet.
    Batch ids start with the UTC time of writing, so they sort by it.
-#}
{% macro is_landed_before_build(batch_id='batch_id') -%}
    {{ batch_id }} < '{{ run_started_at.strftime("%Y%m%dT%H%M%S.%fZ") }}'
{%- endmacro %}
