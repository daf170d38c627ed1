{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='conversation_key',
    indexes=postgres_indexes(
        [['conversation_key'], ['workspace_id', 'conversation_id']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'conversation_id']),
) }}

with events as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'conversation_id']) }} as conversation_key
    from {{ ref('silver_events') }}
    where conversation_id is not null and not is_failed

),

touched as (

    select distinct conversation_key
    from events
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

final as (

    select
        events.conversation_key,
        max(events.workspace_id) as workspace_id,
        max(events.space_id) as space_id,
        max(events.conversation_id) as conversation_id,
        min(events.event_time) as first_event_time,
        max(events.event_time) as last_event_time,
        max(case
            when events.family = 'comment' and not events.is_read then events.event_time
        end) as last_comment_change_at,
        coalesce(bool_and(case when events.family = 'ask' then events.is_own end), false) as is_own,
        max(events.loaded_at) as loaded_at
    from events
    inner join touched
        on events.conversation_key = touched.conversation_key
    group by events.conversation_key

)

select * from final
