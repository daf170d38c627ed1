{#- Text as bigint, null where it is not a whole number of up to 18 digits (bare casts differ by engine). -#}
{% macro safe_bigint(text) -%}
    case when {{ matches(text, '^[-+]?[0-9]{1,18}$') }} then cast({{ text }} as bigint) end
{%- endmacro %}
