{#- Boolean at a path of a json_document: true, false, else null. -#}
{% macro json_boolean(document, path) -%}
    case lower({{ json_text(document, path) }}) when 'true' then true when 'false' then false end
{%- endmacro %}
