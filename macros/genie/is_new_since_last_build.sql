{#-
    Predicate of an increment over a model of ours: rows loaded since the newest that the table being
    built was made from. The last build's rows are taken again, which a merge by key makes harmless.
-#}
{% macro is_new_since_last_build(column='loaded_at', lookback_days=0, kept_column='loaded_at') -%}
    {{ column }} >= (
        select coalesce(max(kept.{{ kept_column }}), timestamp '1970-01-01 00:00:00')
        from {{ this }} as kept
    )
    {%- if lookback_days | int %} - interval '{{ lookback_days | int }}' day {%- endif %}
{%- endmacro %}
