{#-
    Every class has a share of the rows, by default at least the var ml_class_floor; too few examples
    teach nothing. Judged where there are min_rows rows, by default the var ml_minimum_rows.
-#}
{% test class_balance_floor(model, column_name, floor=none, min_rows=none) %}

{{ config(store_failures=true) }}

{%- set share_needed = var('ml_class_floor') if floor is none else floor -%}
{%- set rows_needed = var('ml_minimum_rows') if min_rows is none else min_rows %}

with classes as (

    select
        {{ column_name }} as class_name,
        count(*) as class_rows,
        sum(count(*)) over () as all_rows
    from {{ model }}
    group by {{ column_name }}

)

select
    *,
    '{{ column_name }} ' || coalesce(class_name, 'null') || ' has '
    || cast(class_rows as {{ dbt.type_string() }}) || ' of '
    || cast(all_rows as {{ dbt.type_string() }}) || ' rows, less than a share of {{ share_needed }}'
        as reason
from classes
where
    all_rows >= {{ rows_needed }}
    and class_rows < {{ share_needed }} * all_rows

{% endtest %}
