{#- Text as decimal(18, 9), null where it is no number of up to nine digits before the point. -#}
{% macro safe_decimal(text) -%}
    case
        when {{ matches(text, '^[-+]?[0-9]{1,9}([.][0-9]+)?([eE]-[0-9]{1,2})?$') }}
            then cast({{ text }} as decimal(18, 9))
    end
{%- endmacro %}
