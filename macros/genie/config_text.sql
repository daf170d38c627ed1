{#- Text in a space's configuration: an array of lines, or in old ones a plain text; null where it is absent or empty. -#}
{% macro config_text(document, path, separator="''") -%}
    coalesce(
        {{ json_array_text(document, path, separator) }},
        nullif({{ json_text(document, path) }}, '[]')
    )
{%- endmacro %}
