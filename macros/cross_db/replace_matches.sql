{#-
    Text with every match of a regular expression replaced (no look-around, no \w, no back-reference:
    engines differ on all three).
-#}
{% macro replace_matches(text, pattern, replacement) %}
    {{- return(adapter.dispatch('replace_matches', 'genie_observability')(text, pattern, replacement)) }}
{% endmacro %}

{# without 'g' the first match alone is replaced #}
{% macro default__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro databricks__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement }}')
{%- endmacro %}
