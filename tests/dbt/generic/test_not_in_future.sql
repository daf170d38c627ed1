{#- A moment (UTC) that has come. -#}
{% test not_in_future(model, column_name) %}

{{ config(store_failures=true) }}

select
    *,
    '{{ column_name }} is ' || cast({{ column_name }} as {{ dbt.type_string() }})
    || ', now is ' || cast({{ current_utc() }} as {{ dbt.type_string() }}) || ' (UTC)' as reason
from {{ model }}
where {{ column_name }} > {{ current_utc() }}

{% endtest %}
