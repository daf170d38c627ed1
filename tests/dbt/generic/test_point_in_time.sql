{#- What is used at a moment was known then: the same moment is in time, a microsecond later is not. -#}
{% test point_in_time(model, known_at, used_at) %}

{{ config(store_failures=true) }}

select
    *,
    '{{ known_at }} is ' || cast({{ known_at }} as {{ dbt.type_string() }})
    || ', after {{ used_at }} ' || cast({{ used_at }} as {{ dbt.type_string() }}) || ' (UTC)'
        as reason
from {{ model }}
where {{ known_at }} > {{ used_at }}

{% endtest %}
