{#-
    The messages of an increment that keeps what it made of message_details: those that are new,
    were fetched again, or whose space or workspace has another name. All, in a first build.
-#}
{% macro changed_messages() %}
    select details.*
    from {{ ref('message_details') }} as details
    {% if is_incremental() %}
        left join {{ this }} as kept
            on details.message_key = kept.message_key
        where
            kept.message_key is null
            or kept.source_loaded_at is distinct from details.source_loaded_at
            or kept.space_name is distinct from details.space_name
            or kept.workspace_name is distinct from details.workspace_name
    {% endif %}
{% endmacro %}
