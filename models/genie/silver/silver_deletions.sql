{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='deletion_key',
    indexes=postgres_indexes(
        [['deletion_key'], ['workspace_id', 'space_id', 'conversation_id']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'space_id']),
) }}

-- a conversation is named by its own id alone: some calls leave the space out
with events as (

    select
        workspace_id,
        event_time,
        loaded_at,
        case when family = 'space' then space_id end as space_id,
        case when family = 'conversation' then conversation_id end as conversation_id
    from {{ ref('silver_events') }}
    where
        is_change
        and not is_failed
        and (
            (family = 'space' and space_id is not null)
            or (family = 'conversation' and conversation_id is not null)
        )

),

keyed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'space_id', 'conversation_id']) }} as deletion_key
    from events

),

touched as (

    select distinct deletion_key
    from keyed
    {% if is_incremental() %}
        where {{ is_new_since_last_build() }}
    {% endif %}

),

final as (

    select
        keyed.deletion_key,
        max(keyed.workspace_id) as workspace_id,
        max(keyed.space_id) as space_id,
        max(keyed.conversation_id) as conversation_id,
        max(keyed.event_time) as deleted_at,
        max(keyed.loaded_at) as loaded_at
    from keyed
    inner join touched
        on keyed.deletion_key = touched.deletion_key
    group by keyed.deletion_key

)

select * from final
