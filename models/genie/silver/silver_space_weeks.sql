{{ config(materialized='view') }}

with versions as (

    select
        *,
        coalesce(changed_at, fetched_at) as effective_at
    from {{ ref('silver_space_editors') }}

),

-- each version but the first has itself among those around it
counted as (

    select
        versions.workspace_id,
        versions.space_id,
        versions.fetched_at,
        versions.batch_id,
        versions.effective_at,
        count(*) - 1 as other_version_count
    from versions
    inner join versions as neighbours
        on
            versions.workspace_id = neighbours.workspace_id
            and versions.space_id = neighbours.space_id
            and neighbours.effective_at >= versions.effective_at - interval '7' day
            and neighbours.effective_at < versions.effective_at + interval '7' day
    group by
        versions.workspace_id,
        versions.space_id,
        versions.fetched_at,
        versions.batch_id,
        versions.effective_at

),

final as (

    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        effective_at,
        other_version_count,
        'before' as side,
        effective_at - interval '7' day as week_from,
        effective_at as week_until
    from counted
    union all
    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        effective_at,
        other_version_count,
        'after' as side,
        effective_at as week_from,
        effective_at + interval '7' day as week_until
    from counted

)

select * from final
