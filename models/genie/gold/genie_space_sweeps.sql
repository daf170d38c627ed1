{{ config(materialized='table') }}

with messages as (

    select * from {{ ref('silver_message_states') }}
    where fetch_state <> 'out_of_scope'

),

coverage as (

    select * from {{ ref('genie_listing_coverage') }}

),

spaces as (

    select * from {{ ref('silver_spaces') }}

),

known as (

    select
        workspace_id,
        space_id
    from messages
    union
    select
        workspace_id,
        space_id
    from spaces
    union
    select
        workspace_id,
        space_id
    from coverage

),

counted as (

    select
        workspace_id,
        space_id,
        count(*) as message_count,
        count(case when last_fetched_at is null and fetch_state <> 'gone' then 1 end)
            as unfetched_count,
        count(case when is_due then 1 end) as due_count,
        min(case
            when fetch_state in ('new', 'unsettled', 'changed', 'retry', 'waiting') then event_time
        end) as oldest_unsettled_event_time,
        max(last_fetched_at) as last_fetched_at
    from messages
    group by workspace_id, space_id

),

final as (

    select
        cast(known.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(known.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(coalesce(counted.message_count, 0) as bigint) as message_count,
        cast(coalesce(counted.unfetched_count, 0) as bigint) as unfetched_count,
        cast(coalesce(counted.due_count, 0) as bigint) as due_count,
        cast(counted.oldest_unsettled_event_time as timestamp) as oldest_unsettled_event_time,
        cast(counted.last_fetched_at as timestamp) as last_fetched_at,
        cast(coverage.last_listed_at as timestamp) as last_sweep_at,
        cast(case
            when coverage.missing_from_listing_count = 0 then coverage.last_listed_at
        end as timestamp) as last_complete_sweep_at,
        cast(coalesce(coverage.verdict, 'never swept') as {{ dbt.type_string() }}) as sweep_status
    from known
    left join counted
        on
            known.workspace_id = counted.workspace_id
            and known.space_id = counted.space_id
    left join coverage
        on
            known.workspace_id = coverage.workspace_id
            and known.space_id = coverage.space_id
    left join spaces
        on
            known.workspace_id = spaces.workspace_id
            and known.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on known.workspace_id = workspaces.workspace_id

)

select * from final
