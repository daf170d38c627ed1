{{ config(materialized='view') }}

{%- set space = 'partition by workspace_id, space_id order by fetched_at, batch_id' %}

with items as (

    select * from {{ ref('silver_space_items') }}

),

attempts as (

    select * from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'space' and outcome = 'fetched'

),

landings as (

    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        bool_or(item_kind = 'format_version') as is_readable
    from items
    group by workspace_id, space_id, fetched_at, batch_id

),

-- a fetch that landed nothing saw the version before: the change came after it
sightings as (

    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        is_readable,
        true as is_landing
    from landings
    union all
    select
        attempts.workspace_id,
        attempts.space_id,
        attempts.fetched_at,
        attempts.batch_id,
        false as is_readable,
        false as is_landing
    from attempts
    left join landings
        on
            attempts.workspace_id = landings.workspace_id
            and attempts.space_id = landings.space_id
            and attempts.batch_id = landings.batch_id
    where landings.batch_id is null

),

seen as (

    select
        *,
        lag(fetched_at) over ({{ space }}) as unchanged_seen_at
    from sightings

),

final as (

    select
        workspace_id,
        space_id,
        fetched_at,
        batch_id,
        is_readable,
        unchanged_seen_at,
        row_number() over ({{ space }}) as version_number,
        case
            when is_readable
                then row_number() over (
                    partition by workspace_id, space_id, is_readable order by fetched_at, batch_id
                )
        end as configuration_number
    from seen
    where is_landing

)

select * from final
