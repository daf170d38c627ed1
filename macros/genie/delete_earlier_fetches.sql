{#-
    A post-hook for tables with several rows per message: rows of a payload that is no longer the last
    one go. A merge alone would leave them, and their texts, for ever.
-#}
{% macro delete_earlier_fetches(relation, messages) %}
    {{- return(adapter.dispatch('delete_earlier_fetches', 'genie_observability')(relation, messages)) }}
{% endmacro %}

{% macro default__delete_earlier_fetches(relation, messages) -%}
    delete from {{ relation }} as kept
    where not exists (
        select 1
        from {{ messages }} as messages
        where
            messages.message_key = kept.message_key
            and messages.fetched_at = kept.fetched_at
    )
{%- endmacro %}

{# open-source Delta Lake deletes by a join only in a merge #}
{% macro databricks__delete_earlier_fetches(relation, messages) -%}
    merge into {{ relation }} as kept
    using {{ messages }} as messages
        on
            kept.message_key = messages.message_key
            and kept.fetched_at = messages.fetched_at
    when not matched by source then delete
{%- endmacro %}
