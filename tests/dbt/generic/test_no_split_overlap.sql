{#-
    The same thing is not in two splits: rows that agree in the columns of `same`, null counting as a
    value. With a date column, only rows up to so many days apart are the same thing, by default the var
    duplicate_line_days: a line may come again by another date, and a merchant may recur.
-#}
{% test no_split_overlap(model, column_name, same, date_column=none, days=none) %}

{{ config(store_failures=true) }}

{%- set days_apart = var('duplicate_line_days') if days is none else days %}

with neighbours as (

    select
        *,
        lag({{ column_name }}) over same_thing as split_before
        {%- if date_column %},
        lag({{ date_column }}) over same_thing as date_before
        {%- endif %}
    from {{ model }}
    window same_thing as (
        partition by {{ same | join(', ') }}
        order by {{ date_column ~ ', ' if date_column }}{{ column_name }}
    )

)

select
    *,
    'the same {{ same | join(", ") }} is in ' || split_before || ' and ' || {{ column_name }}
    {%- if date_column %}
    || ', at most {{ days_apart }} days apart'
    {%- endif %} as reason
from neighbours
where
    split_before <> {{ column_name }}
    {%- if date_column %}
    and {{ date_column }} <= date_before + interval '{{ days_apart }}' day
    {%- endif %}

{% endtest %}
