{#- A timestamp plus a number of seconds (whole). -#}
{% macro add_seconds(timestamp, seconds) %}({{ timestamp }} + ({{ seconds }}) * interval '1' second){% endmacro %}
