{#-
    A moment (UTC) before the end of a month (UTC): the first microsecond of the next month is too late.
    Days of grace are added to the end; by default those of the var label_grace_days.
-#}
{% test not_after_month_end(model, column_name, month_column, grace_days=none) %}

{{ config(store_failures=true) }}

{%- set days = var('label_grace_days') if grace_days is none else grace_days -%}
{%- set due_at = month_end(month_column, days) %}

select
    *,
    '{{ column_name }} is ' || cast({{ column_name }} as {{ dbt.type_string() }})
    || ', and has to be before ' || cast({{ due_at }} as {{ dbt.type_string() }}) || ' (UTC)'
        as reason
from {{ model }}
where {{ column_name }} >= {{ due_at }}

{% endtest %}
