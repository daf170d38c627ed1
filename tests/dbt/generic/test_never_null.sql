{#-
    Columns that hold a value in every row: one query for a model, where dbt's own not_null is one for each column,
    and a warehouse is paid for each.
-#}
{% test never_null(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where
    {{ columns | join(' is null\n    or ') }} is null

{% endtest %}
