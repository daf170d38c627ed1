{#-
    Predicate of an increment over landed rows: batches that the table being built does not hold yet,
    looked for as far behind the newest one as a late commit can be. Events of any age in a new batch
    are taken.
-#}
{% macro is_new_batch() -%}
    {%- set since -%}
        (
            select coalesce(max(kept.fetched_at), timestamp '1970-01-01 00:00:00')
            from {{ this }} as kept
        ) - interval '{{ var("landing_lookback_days") | int }}' day
    {%- endset -%}
    fetched_at >= {{ since }}
    and batch_id not in (
        select kept.batch_id from {{ this }} as kept where kept.fetched_at >= {{ since }}
    )
{%- endmacro %}
