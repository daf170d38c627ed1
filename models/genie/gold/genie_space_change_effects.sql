{{ config(materialized='table') }}

with changes as (

    select
        workspace_id,
        space_id,
        changed_seen_at,
        max(workspace_name) as workspace_name,
        max(space_name) as space_name,
        count(*) as change_count
    from {{ ref('genie_space_item_changes') }}
    group by workspace_id, space_id, changed_seen_at

),

weeks as (

    select * from {{ ref('silver_space_weeks') }}

),

messages as (

    select
        details.workspace_id,
        details.space_id,
        details.status,
        details.feedback_rating,
        spent.warehouse_cost,
        coalesce(spent.cost_status, 'unpriceable') as cost_status,
        case when details.status = 'COMPLETED' then details.latency_seconds end as latency_seconds,
        {{ timestamp_from_milliseconds('details.created_timestamp') }} as asked_at
    from {{ ref('message_details') }} as details
    inner join {{ ref('genie_message_statuses') }} as statuses
        on details.status = statuses.status
    left join {{ ref('genie_cost_by_message') }} as spent
        on details.message_key = spent.message_key
    where statuses.is_final

),

started as (

    select
        workspace_id,
        min(asked_at) as first_asked_at
    from messages
    group by workspace_id

),

measured as (

    select
        weeks.workspace_id,
        weeks.space_id,
        weeks.fetched_at,
        weeks.side,
        weeks.effective_at,
        weeks.other_version_count,
        weeks.week_until > {{ current_utc() }} as is_going_on,
        coalesce(weeks.week_from < min(started.first_asked_at), true) as is_before_history,
        count(messages.status) as question_count,
        count(case when messages.status = 'FAILED' then 1 end) as failed_count,
        count(case when messages.feedback_rating = 'NEGATIVE' then 1 end) as negative_count,
        count(case when messages.feedback_rating in ('POSITIVE', 'NEGATIVE') then 1 end)
            as rated_count,
        sum(messages.warehouse_cost) as warehouse_cost,
        {{ summed_cost_status('messages.cost_status') }} as cost_status,
        percentile_cont(0.5) within group (order by messages.latency_seconds)
            as median_latency_seconds
    from weeks
    left join started
        on weeks.workspace_id = started.workspace_id
    left join messages
        on
            weeks.workspace_id = messages.workspace_id
            and weeks.space_id = messages.space_id
            and weeks.week_from <= messages.asked_at
            and weeks.week_until > messages.asked_at
    group by
        weeks.workspace_id,
        weeks.space_id,
        weeks.fetched_at,
        weeks.side,
        weeks.effective_at,
        weeks.other_version_count,
        weeks.week_from,
        weeks.week_until

),

final as (

    select
        cast(changes.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(changes.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(changes.space_id as {{ dbt.type_string() }}) as space_id,
        cast(changes.space_name as {{ dbt.type_string() }}) as space_name,
        cast(changes.changed_seen_at as timestamp) as changed_seen_at,
        cast(measured.effective_at as timestamp) as effective_at,
        cast(changes.change_count as bigint) as change_count,
        cast(measured.other_version_count as bigint) as other_version_count,
        cast(measured.side as {{ dbt.type_string() }}) as side,
        cast(measured.question_count as bigint) as question_count,
        cast(measured.failed_count as bigint) as failed_count,
        cast(measured.rated_count as bigint) as rated_count,
        cast(measured.negative_count as bigint) as negative_count,
        cast(
            measured.failed_count
            / cast(nullif(measured.question_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as failure_ratio,
        cast(
            measured.negative_count
            / cast(nullif(measured.rated_count, 0) as {{ type_double() }}) as {{ type_double() }}
        ) as negative_feedback_ratio,
        cast(
            round(cast(measured.median_latency_seconds as decimal(38, 12)), 6)
            as {{ type_double() }}
        ) as median_latency_seconds,
        cast('{{ var("cost_currency") }}' as {{ dbt.type_string() }}) as currency_code,
        cast(
            case when measured.question_count = 0 then 0 else measured.warehouse_cost end
            as decimal(18, 9)
        ) as warehouse_cost,
        cast(measured.cost_status as {{ dbt.type_string() }}) as cost_status,
        cast(case
            when measured.is_going_on then 'not over yet'
            when measured.is_before_history then 'history begins later'
            when measured.question_count = 0 then 'no questions'
            else 'measured'
        end as {{ dbt.type_string() }}) as status
    from changes
    inner join measured
        on
            changes.workspace_id = measured.workspace_id
            and changes.space_id = measured.space_id
            and changes.changed_seen_at = measured.fetched_at

)

select * from final
