{{ config(materialized='view') }}

with commented as (

    select * from {{ ref('silver_conversation_activity') }}
    where last_comment_change_at is not null

),

attempts as (

    select
        *,
        max(case when outcome = 'fetched' then fetched_at end) over (
            partition by workspace_id, conversation_id
        ) as last_fetched_at,
        row_number() over (
            partition by workspace_id, conversation_id
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'comments'

),

fetches as (

    select
        workspace_id,
        conversation_id,
        max(fetched_at) as last_attempt_at,
        max(last_fetched_at) as last_fetched_at,
        max(case when age_rank = 1 then error_type end) as error_type,
        count(case
            when last_fetched_at is null or fetched_at > last_fetched_at then 1
        end) as failure_count
    from attempts
    group by workspace_id, conversation_id

),

joined as (

    select
        commented.workspace_id,
        commented.space_id,
        commented.conversation_id,
        commented.last_comment_change_at,
        fetches.last_attempt_at,
        fetches.last_fetched_at,
        fetches.error_type,
        coalesce(fetches.failure_count, 0) as failure_count,
        -- nobody has looked since the comment
        coalesce(commented.last_comment_change_at > fetches.last_attempt_at, true) as is_changed,
        case
            when fetches.error_type = 'AUTH_ERROR' then {{ var('denied_wait_seconds') }}
            else {{ backoff_seconds('fetches.failure_count', 'retry') }}
        end as retry_seconds
    from commented
    left join fetches
        on
            commented.workspace_id = fetches.workspace_id
            and commented.conversation_id = fetches.conversation_id

),

timed as (

    select
        *,
        {{ current_utc() }} as checked_at,
        {{ add_seconds('last_attempt_at', 'retry_seconds') }} as retry_at
    from joined

),

final as (

    select
        cast(timed.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(workspaces.workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(timed.space_id as {{ dbt.type_string() }}) as space_id,
        cast(timed.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(timed.last_comment_change_at as timestamp) as commented_at,
        cast(timed.failure_count as bigint) as attempts,
        cast(timed.last_attempt_at as timestamp) as last_attempt_at,
        cast(timed.last_fetched_at as timestamp) as last_fetched_at
    from timed
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on timed.workspace_id = workspaces.workspace_id
    where
        timed.space_id is not null
        and {{ is_observed_space('timed.workspace_id', 'timed.space_id') }}
        and (
            timed.is_changed
            or (
                timed.error_type <> 'NOT_FOUND'
                and timed.failure_count < {{ var('retry_max_attempts') }}
                and timed.retry_at <= timed.checked_at
            )
        )

)

select * from final
