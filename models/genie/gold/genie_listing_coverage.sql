{{ config(materialized='table') }}

with attempts as (

    select
        *,
        max(case when outcome = 'fetched' then fetched_at end) over (
            partition by workspace_id, space_id
        ) as last_listed_at,
        row_number() over (
            partition by workspace_id, space_id
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'conversations'

),

conversations as (

    select * from {{ ref('genie_conversations') }}

),

-- what was seen after the attempt before the last listing was seen by that listing
listings as (

    select
        workspace_id,
        space_id,
        max(last_listed_at) as last_listed_at,
        max(fetched_at) as last_attempt_at,
        max(case when age_rank = 1 then outcome end) as outcome,
        max(case when age_rank = 1 then error_type end) as error_type,
        max(case when age_rank = 1 then error_message end) as error_message,
        coalesce(
            max(case when fetched_at < last_listed_at then fetched_at end),
            timestamp '1970-01-01 00:00:00'
        ) as listed_from
    from attempts
    group by workspace_id, space_id

),

-- deleted before the listing, or found gone: the listing cannot show it
marked as (

    select
        listings.workspace_id,
        listings.space_id,
        conversations.is_own,
        coalesce(conversations.last_listed_at > listings.listed_from, false) as is_listed,
        conversations.is_in_audit
        and conversations.first_event_time <= listings.last_listed_at
        and coalesce(conversations.deleted_at > listings.last_listed_at, true)
        and (
            conversations.known_message_count = 0
            or conversations.gone_message_count < conversations.known_message_count
        ) as is_known
    from listings
    inner join conversations
        on
            listings.workspace_id = conversations.workspace_id
            and listings.space_id = conversations.space_id
    where listings.last_listed_at is not null

),

counted as (

    select
        workspace_id,
        space_id,
        count(case when is_listed then 1 end) as listed_count,
        count(case when is_known then 1 end) as known_count,
        count(case when is_known and not is_listed then 1 end) as missing_count,
        count(case when is_known and not is_own then 1 end) as foreign_count,
        count(case when is_known and not is_own and not is_listed then 1 end)
            as missing_foreign_count
    from marked
    group by workspace_id, space_id

),

final as (

    select
        cast(listings.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(listings.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(listings.last_listed_at as timestamp) as last_listed_at,
        cast(listings.last_attempt_at as timestamp) as last_attempt_at,
        cast(listings.outcome as {{ dbt.type_string() }}) as outcome,
        cast(listings.error_type as {{ dbt.type_string() }}) as error_type,
        cast(listings.error_message as {{ dbt.type_string() }}) as error_message,
        cast(coalesce(counted.listed_count, 0) as bigint) as listed_count,
        cast(coalesce(counted.known_count, 0) as bigint) as known_count,
        cast(coalesce(counted.missing_count, 0) as bigint) as missing_from_listing_count,
        cast(case
            when listings.outcome <> 'fetched' then 'failed'
            when coalesce(counted.known_count, 0) + coalesce(counted.listed_count, 0) = 0
                then 'empty'
            when counted.missing_count = 0 then 'complete'
            -- our own are listed whatever we may do
            when
                counted.foreign_count > 0
                and counted.missing_foreign_count = counted.foreign_count
                then 'cannot manage'
            else 'partial'
        end as {{ dbt.type_string() }}) as verdict
    from listings
    left join counted
        on
            listings.workspace_id = counted.workspace_id
            and listings.space_id = counted.space_id
    left join {{ ref('silver_spaces') }} as spaces
        on
            listings.workspace_id = spaces.workspace_id
            and listings.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on listings.workspace_id = workspaces.workspace_id

)

select * from final
