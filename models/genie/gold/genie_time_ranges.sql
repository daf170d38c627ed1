{{ config(materialized='view') }}

{%- set ranges = {'last 7 days': 7, 'last 30 days': 30, 'last 90 days': 90} %}

with ranges as (

    {% for name, days in ranges.items() -%}
        select
            {{ loop.index }} as range_number,
            '{{ name }}' as time_range,
            {{ add_seconds(current_utc(), -86400 * days) }} as first_time
        union all
    {% endfor -%}
    select
        {{ ranges | length + 1 }} as range_number,
        'all time' as time_range,
        null as first_time

),

final as (

    select
        cast(range_number as bigint) as range_number,
        cast(time_range as {{ dbt.type_string() }}) as time_range,
        cast(first_time as timestamp) as first_time
    from ranges

)

select * from final
