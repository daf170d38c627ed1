{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='statement_key',
    indexes=postgres_indexes([['statement_key'], ['message_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'statement_id']),
) }}

with messages as (

    select * from {{ ref('silver_messages') }}

),

attachments as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'statement_id']) }} as statement_key
    from {{ ref('silver_message_attachments') }}
    where statement_id is not null

),

-- a message that was fetched again may have gained statements, or lost some
touched as (

    select
        statement_key,
        workspace_id,
        statement_id
    from attachments
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
        union
        select
            kept_rows.statement_key,
            kept_rows.workspace_id,
            kept_rows.statement_id
        from {{ this }} as kept_rows
        inner join messages
            on kept_rows.message_key = messages.message_key
        where {{ is_new_since_last_build('messages.loaded_at') }}
    {% else %}
        group by statement_key, workspace_id, statement_id
    {% endif %}

),

final as (

    select
        touched.statement_key,
        touched.workspace_id,
        touched.statement_id,
        min(messages.message_key) as message_key,
        min(messages.space_id) as space_id,
        min(messages.created_timestamp) as created_timestamp,
        {{ current_utc() }} as loaded_at
    from touched
    left join attachments
        on touched.statement_key = attachments.statement_key
    left join messages
        on
            attachments.message_key = messages.message_key
            and attachments.fetched_at = messages.fetched_at
    group by touched.statement_key, touched.workspace_id, touched.statement_id

)

select * from final
