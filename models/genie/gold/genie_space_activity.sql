{{ config(materialized='table') }}

with messages as (

    select
        workspace_id,
        space_id,
        count(*) as question_count,
        max(asked_at) as last_asked_at
    from {{ ref('silver_message_records') }}
    where space_id is not null
    group by workspace_id, space_id

),

landings as (

    select
        workspace_id,
        space_id,
        min(fetched_at) as first_fetched_at,
        max(case when version_number > 1 then fetched_at end) as last_changed_seen_at
    from {{ ref('silver_space_versions') }}
    group by workspace_id, space_id

),

events as (

    select
        workspace_id,
        space_id,
        min(event_time) as first_event_at
    from {{ ref('silver_events') }}
    where space_id is not null and {{ is_observed_space('workspace_id', 'space_id') }}
    group by workspace_id, space_id

),

deletions as (

    select * from {{ ref('silver_deletions') }}
    where conversation_id is null

),

known as (

    select
        workspace_id,
        space_id
    from landings
    union
    select
        workspace_id,
        space_id
    from events
    union
    select
        workspace_id,
        space_id
    from messages

),

timed as (

    select
        known.workspace_id,
        known.space_id,
        messages.question_count,
        messages.last_asked_at,
        landings.last_changed_seen_at,
        deletions.deleted_at,
        least(landings.first_fetched_at, events.first_event_at, messages.last_asked_at)
            as first_seen_at,
        {{ current_utc() }} - interval '{{ var("stale_space_days") | int }}' day as stale_before
    from known
    left join messages
        on
            known.workspace_id = messages.workspace_id
            and known.space_id = messages.space_id
    left join landings
        on
            known.workspace_id = landings.workspace_id
            and known.space_id = landings.space_id
    left join events
        on
            known.workspace_id = events.workspace_id
            and known.space_id = events.space_id
    left join deletions
        on
            known.workspace_id = deletions.workspace_id
            and known.space_id = deletions.space_id

),

final as (

    select
        cast(timed.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(timed.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(timed.first_seen_at as timestamp) as first_seen_at,
        cast(coalesce(timed.question_count, 0) as bigint) as question_count,
        cast(timed.last_asked_at as timestamp) as last_asked_at,
        cast(timed.last_changed_seen_at as timestamp) as last_changed_seen_at,
        cast(timed.deleted_at as timestamp) as deleted_at,
        cast(case
            when timed.deleted_at is not null then 'trashed'
            when timed.last_asked_at >= timed.stale_before then 'active'
            when timed.last_asked_at is not null then 'stale'
            when timed.first_seen_at >= timed.stale_before then 'new'
            else 'never used'
        end as {{ dbt.type_string() }}) as activity_status
    from timed
    left join {{ ref('silver_spaces') }} as spaces
        on
            timed.workspace_id = spaces.workspace_id
            and timed.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on timed.workspace_id = workspaces.workspace_id

)

select * from final
