{#-
    An epoch of unknown unit as milliseconds. Genie sends milliseconds, some documented examples hold
    seconds; below 1e11 a value can only be seconds (1e11 ms is March 1973).
-#}
{% macro epoch_milliseconds(number) -%}
    case when abs({{ number }}) < 100000000000 then {{ number }} * 1000 else {{ number }} end
{%- endmacro %}
