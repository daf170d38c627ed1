{#- Seconds to wait after the n-th try: first, doubling, at most the longest. -#}
{% macro backoff_seconds(tries, first, longest) -%}
    least({{ first }} * cast(power(2, least({{ tries }} - 1, 20)) as bigint), {{ longest }})
{%- endmacro %}
