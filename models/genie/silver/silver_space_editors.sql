{{ config(materialized='view') }}

with versions as (

    select * from {{ ref('silver_space_versions') }}
    where version_number > 1

),

events as (

    select * from {{ ref('silver_events') }}

),

edits as (

    select * from events
    where family in ('space', 'curation') and not is_read and not is_change and not is_failed

),

audit_bounds as (

    select
        workspace_id,
        max(event_time) as newest_event_at
    from events
    group by workspace_id

),

-- the last edit before we saw the change comes first
candidates as (

    select
        versions.workspace_id,
        versions.space_id,
        versions.fetched_at,
        versions.batch_id,
        versions.unchanged_seen_at,
        edits.user_email,
        edits.action_name,
        edits.event_time,
        row_number() over (
            partition by versions.workspace_id, versions.space_id, versions.version_number
            order by edits.event_time desc, edits.event_key desc
        ) as edit_rank
    from versions
    left join edits
        on
            versions.workspace_id = edits.workspace_id
            and versions.space_id = edits.space_id
            and versions.unchanged_seen_at < edits.event_time
            and versions.fetched_at >= edits.event_time

),

counted as (

    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        min(unchanged_seen_at) as unchanged_seen_at,
        count(event_time) as edit_count,
        count(distinct user_email) as editor_count,
        max(case when edit_rank = 1 then user_email end) as changed_by,
        max(case when edit_rank = 1 then action_name end) as action_name,
        max(case when edit_rank = 1 then event_time end) as changed_at
    from candidates
    group by workspace_id, space_id, fetched_at, batch_id

),

final as (

    select
        counted.workspace_id,
        counted.space_id,
        counted.fetched_at,
        counted.batch_id,
        counted.unchanged_seen_at,
        counted.edit_count,
        counted.changed_by,
        counted.action_name,
        counted.changed_at,
        case
            when counted.editor_count > 1 then 'last of several'
            when counted.edit_count > 0 then 'known'
            when audit_bounds.newest_event_at is null then 'no audit log'
            when audit_bounds.newest_event_at < counted.fetched_at then 'audit log behind'
            else 'not logged'
        end as author_status
    from counted
    left join audit_bounds
        on counted.workspace_id = audit_bounds.workspace_id

)

select * from final
