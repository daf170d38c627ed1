{#-
    A post-hook for tables with several rows per message: rows of a payload that is no longer the last
    one go. A merge alone would leave them, and their texts, for ever.
-#}
{% macro delete_earlier_fetches(relation, messages) -%}
    delete from {{ relation }} as kept
    where not exists (
        select 1
        from {{ messages }} as messages
        where
            messages.message_key = kept.message_key
            and messages.fetched_at = kept.fetched_at
    )
{%- endmacro %}
