{{ config(materialized='table') }}

{#- each metric with the least spread that counts: that of a share is its largest standard error -#}
{%- set metrics = {
    'message_count': '5',
    'user_count': '2',
    'failed_share': 'asked_spread',
    'unanswered_share': 'asked_spread',
    'negative_share': 'rated_spread',
    'end_to_end_p50_ms': '500',
} %}
{%- set fewest = 5 %}

with quality as (

    select * from {{ ref('genie_answer_quality') }}

),

latency as (

    select * from {{ ref('genie_latency_by_space_day') }}
    where phase_name = 'end_to_end'

),

workspaces as (

    select
        workspace_id,
        max(created_date) as last_date
    from quality
    where created_date < cast({{ current_utc() }} as date)
    group by workspace_id

),

spaces as (

    select
        quality.workspace_id,
        quality.space_id,
        max(quality.workspace_name) as workspace_name,
        max(quality.space_name) as space_name,
        min(quality.created_date) as first_date,
        max(workspaces.last_date) as last_date
    from quality
    inner join workspaces
        on quality.workspace_id = workspaces.workspace_id
    where quality.space_id is not null
    group by quality.workspace_id, quality.space_id
    having min(quality.created_date) <= max(workspaces.last_date)

),

-- a day without questions is a day, too; today has not ended
days as (

    select
        known.workspace_id,
        known.space_id,
        known.workspace_name,
        known.space_name,
        series.series_day as metric_date
    from spaces as known
    {{ day_series('known.first_date', 'known.last_date', 'series') }}

),

measured as (

    select
        days.*,
        coalesce(quality.message_count, 0) as message_count,
        coalesce(quality.user_count, 0) as user_count,
        case when quality.message_count >= {{ fewest }} then quality.failed_share end
            as failed_share,
        case when quality.message_count >= {{ fewest }} then 1 - quality.answered_share end
            as unanswered_share,
        case when quality.rated_count >= {{ fewest }} then quality.negative_share end
            as negative_share,
        case when latency.measured_count >= {{ fewest }} then latency.p50_ms end
            as end_to_end_p50_ms,
        greatest(
            0.5 / sqrt(cast(nullif(quality.message_count, 0) as {{ type_double() }})), 0.05
        ) as asked_spread,
        greatest(
            0.5 / sqrt(cast(nullif(quality.rated_count, 0) as {{ type_double() }})), 0.05
        ) as rated_spread
    from days
    left join quality
        on
            days.workspace_id = quality.workspace_id
            and days.space_id = quality.space_id
            and days.metric_date = quality.created_date
    left join latency
        on
            days.workspace_id = latency.workspace_id
            and days.space_id = latency.space_id
            and days.metric_date = latency.created_date

),

final as (

    {% for name, least_spread in metrics.items() %}
        select
            cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
            cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
            cast(space_id as {{ dbt.type_string() }}) as space_id,
            cast(space_name as {{ dbt.type_string() }}) as space_name,
            cast(metric_date as date) as metric_date,
            cast('{{ name }}' as {{ dbt.type_string() }}) as metric_name,
            cast({{ name }} as {{ type_double() }}) as metric_value,
            cast({{ least_spread }} as {{ type_double() }}) as least_spread
        from measured
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
