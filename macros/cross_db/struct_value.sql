{#-
    A field of a struct column as text, its path with dots: a STRUCT where system tables are read in place (Databricks),
    JSON text elsewhere. Takes what map_document() made of the column.
-#}
{% macro struct_value(document, field) %}
    {{- return(adapter.dispatch('struct_value', 'genie_observability')(document, field)) }}
{% endmacro %}

{% macro default__struct_value(document, field) %}{{ json_text(document, field.split('.')) }}{% endmacro %}

{# by way of JSON: an account may lack a newer field, which would be an error #}
{% macro databricks__struct_value(document, field) -%}
    get_json_object(to_json({{ document }}), '$.{{ field }}')
{%- endmacro %}
