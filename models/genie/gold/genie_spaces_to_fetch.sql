{{ config(materialized='view') }}

with events as (

    select * from {{ ref('silver_events') }}
    where space_id is not null

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

landed as (

    select
        workspace_id,
        space_id,
        payload_sha256,
        row_number() over (
            partition by workspace_id, space_id
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from {{ ref('bronze_genie__spaces') }}

),

known as (

    select
        workspace_id,
        space_id
    from events
    union
    select
        workspace_id,
        space_id
    from landed

),

-- a workspace with no known space still has its spaces listed
candidates as (

    select
        known.space_id,
        workspaces.workspace_name,
        workspaces.workspace_url,
        coalesce(known.workspace_id, workspaces.workspace_id) as workspace_id
    from known
    full outer join workspaces
        on known.workspace_id = workspaces.workspace_id

),

final as (

    select
        cast(candidates.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(candidates.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(candidates.workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(candidates.space_id as {{ dbt.type_string() }}) as space_id,
        cast(landed.payload_sha256 as {{ dbt.type_string() }}) as payload_sha256
    from candidates
    left join landed
        on
            candidates.workspace_id = landed.workspace_id
            and candidates.space_id = landed.space_id
            and landed.age_rank = 1
    where
        {{ is_observed_workspace('candidates.workspace_id') }}
        and (
            candidates.space_id is null
            or {{ is_observed_space('candidates.workspace_id', 'candidates.space_id') }}
        )

)

select * from final
