{#- Whether Genie ran a statement of query history: takes what map_document() made of query_source. -#}
{% macro is_genie_statement(query_source_document, client_application) -%}
    (
        {{ struct_value(query_source_document, 'genie_space_id') }} is not null
        or coalesce({{ client_application }} in ('Databricks SQL Genie Space', 'DatabricksGenie'), false)
    )
{%- endmacro %}
