{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='attachment_key',
    post_hook="{{ delete_earlier_fetches(this, ref('silver_messages')) }}",
    indexes=postgres_indexes([['attachment_key'], ['message_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'attachment_key']),
) }}

with attachments as (

    select * from {{ ref('silver_message_attachments') }}
    where attachment_kind = 'query'
    {% if is_incremental() %}
        and {{ is_new_since_last_build() }}
    {% endif %}

),

final as (

    select
        attachment_key,
        message_key,
        workspace_id,
        {{ qualified_names('query_sql') }} as names_json,
        fetched_at,
        loaded_at
    from attachments

)

select * from final
