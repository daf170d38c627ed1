{#- Seconds to wait after the n-th try: var <kind>_seconds, doubling, at most <kind>_max_seconds. -#}
{% macro backoff_seconds(tries, kind) -%}
    least(
        {{ var(kind ~ '_seconds') }} * cast(power(2, least({{ tries }} - 1, 20)) as bigint),
        {{ var(kind ~ '_max_seconds') }}
    )
{%- endmacro %}
