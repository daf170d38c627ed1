{#- Rows that agree in some columns agree in their label; null is no label. -#}
{% test no_label_conflict(model, column_name, columns) %}

{{ config(store_failures=true) }}

with spread as (

    select
        *,
        min({{ column_name }}) over (partition by {{ columns | join(', ') }}) as first_label,
        max({{ column_name }}) over (partition by {{ columns | join(', ') }}) as last_label
    from {{ model }}

)

select
    *,
    'the same {{ columns | join(", ") }} is labelled ' || first_label || ' and ' || last_label as reason
from spread
where first_label <> last_label

{% endtest %}
