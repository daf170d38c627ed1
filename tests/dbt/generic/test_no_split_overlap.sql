{#-
    Nothing that is the same thing is in two splits. Each of `same` is a list of columns that are equal
    for the same thing; null counts as a value.
-#}
{% test no_split_overlap(model, column_name, same) %}

{{ config(store_failures=true) }}

with split_rows as (

    select * from {{ model }}

),

{% for columns in same %}
    spread_{{ loop.index }} as (

        select
            *,
            min({{ column_name }}) over (partition by {{ columns | join(', ') }}) as first_split,
            max({{ column_name }}) over (partition by {{ columns | join(', ') }}) as last_split
        from split_rows

    ){{ ',' if not loop.last }}

{% endfor %}

{% for columns in same %}
    select
        *,
        'the same {{ columns | join(", ") }} is in ' || first_split || ' and ' || last_split as reason
    from spread_{{ loop.index }}
    where first_split <> last_split
    {{ 'union all' if not loop.last }}
{% endfor %}

{% endtest %}
