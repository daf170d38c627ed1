{#-
    Texts of an element of a space's configuration, one labelled line or more each; '' where it has none. A
    key that got another name in version 2 of the format is a list of its names.
-#}
{% macro item_text(element, texts) -%}
    concat_ws(
        chr(10)
        {%- for label, path in texts.items() %},
            '{{ label }}: ' || nullif(
                {%- if path[0] is string -%}
                    {{ config_text(element, path, "', '" if label == 'synonyms' else "''") }}
                {%- else -%}
                    coalesce(
                        {{- config_text(element, path[0], "''") }}, {{ config_text(element, path[1], "''") -}}
                    )
                {%- endif -%},
                'false'
            )
        {%- endfor %}
    )
{%- endmacro %}
