{#- The moment at which a month has ended (UTC, exclusive), and so many days later. -#}
{% macro month_end(month, grace_days=0) -%}
    (cast({{ month }} as timestamp) + interval '1' month + interval '{{ grace_days | int }}' day)
{%- endmacro %}
