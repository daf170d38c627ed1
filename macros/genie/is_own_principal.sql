{#- Whether a user is one of our own service principals (var genie_service_principals); false for null. -#}
{% macro is_own_principal(user) -%}
    {%- set principals = var('genie_service_principals') | map('lower') | list -%}
    {%- if principals -%}
        coalesce(lower({{ user }}) in ('{{ principals | join("', '") }}'), false)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
