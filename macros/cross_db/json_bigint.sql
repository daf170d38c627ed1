{#- Whole number at a path of a json_document; null where it is no whole number of up to 18 digits. -#}
{% macro json_bigint(document, path) -%}
    {{ safe_bigint(json_text(document, path)) }}
{%- endmacro %}
