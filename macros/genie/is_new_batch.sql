{#-
    Predicate of an increment over landed rows: batches that the table being built does not hold yet,
    looked for as far behind the newest one as a late commit can be. Events of any age in a new batch
    are taken. Purged rows keep the time at which they were fetched: their batches are looked for by
    the day of the purge, with which the batch id begins.
-#}
{% macro is_new_batch(with_purged=true, loaded_at='fetched_at') -%}
    {%- set since -%}
        (
            select coalesce(max(kept.{{ loaded_at }}), timestamp '1970-01-01 00:00:00')
            from {{ this }} as kept
        ) - interval '{{ var("landing_lookback_days") | int }}' day
    {%- endset -%}
    {%- set first_batch -%}
        replace(cast(cast({{ since }} as date) as {{ dbt.type_string() }}), '-', '')
    {%- endset -%}
    (
        {{ loaded_at }} >= {{ since }}
        {%- if with_purged %}
        or ({{ is_purged() }} and batch_id >= {{ first_batch }})
        {%- endif %}
    )
    and batch_id not in (
        select kept.batch_id
        from {{ this }} as kept
        where
            kept.{{ loaded_at }} >= {{ since }}
            {%- if with_purged %}
            or ({{ is_purged('kept.batch_id') }} and kept.batch_id >= {{ first_batch }})
            {%- endif %}
    )
{%- endmacro %}
