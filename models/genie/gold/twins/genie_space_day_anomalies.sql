{{ config(materialized='table') }}

{#- python/genie_space_day_anomalies.py, in SQL: the numbers are the same -#}
{%- set weeks = 8 %}
{%- set fewest_weeks = 4 %}
{%- set threshold = 3.5 %}

with metrics as (

    select * from {{ ref('genie_space_day_metrics') }}

),

-- the same day of the weeks before
history as (

    select
        metrics.workspace_id,
        metrics.space_id,
        metrics.metric_date,
        metrics.metric_name,
        earlier.metric_value as earlier_value
    from metrics
    inner join metrics as earlier
        on
            metrics.workspace_id = earlier.workspace_id
            and metrics.space_id = earlier.space_id
            and metrics.metric_name = earlier.metric_name
            and earlier.metric_date < metrics.metric_date
            and earlier.metric_date >= metrics.metric_date - {{ 7 * weeks }}
            and (metrics.metric_date - earlier.metric_date) % 7 = 0
            and earlier.metric_value is not null

),

centres as (

    select
        workspace_id,
        space_id,
        metric_date,
        metric_name,
        {{ quantile('earlier_value', 0.5) }} as expected_value
    from history
    group by workspace_id, space_id, metric_date, metric_name
    having count(*) >= {{ fewest_weeks }}

),

spreads as (

    select
        centres.workspace_id,
        centres.space_id,
        centres.metric_date,
        centres.metric_name,
        centres.expected_value,
        {{ quantile('abs(history.earlier_value - centres.expected_value)', 0.5) }}
            as absolute_deviation
    from centres
    inner join history
        on
            centres.workspace_id = history.workspace_id
            and centres.space_id = history.space_id
            and centres.metric_date = history.metric_date
            and centres.metric_name = history.metric_name
    group by
        centres.workspace_id,
        centres.space_id,
        centres.metric_date,
        centres.metric_name,
        centres.expected_value

),

scored as (

    select
        metrics.*,
        spreads.expected_value,
        case
            when spreads.expected_value is not null
                then greatest(
                    1.4826 * spreads.absolute_deviation,
                    0.1 * spreads.expected_value,
                    metrics.least_spread
                )
        end as spread
    from metrics
    left join spreads
        on
            metrics.workspace_id = spreads.workspace_id
            and metrics.space_id = spreads.space_id
            and metrics.metric_date = spreads.metric_date
            and metrics.metric_name = spreads.metric_name

),

rounded as (

    select
        *,
        round(cast((metric_value - expected_value) / spread as decimal(38, 12)), 6)
            as anomaly_score,
        round(cast(greatest(expected_value - {{ threshold }} * spread, 0) as decimal(38, 12)), 6)
            as lowest_expected,
        round(cast(expected_value + {{ threshold }} * spread as decimal(38, 12)), 6)
            as highest_expected
    from scored

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(metric_date as date) as metric_date,
        cast(metric_name as {{ dbt.type_string() }}) as metric_name,
        cast(metric_value as {{ type_double() }}) as metric_value,
        cast(expected_value as {{ type_double() }}) as expected_value,
        cast(case when spread is not null then lowest_expected end as {{ type_double() }})
            as lowest_expected,
        cast(highest_expected as {{ type_double() }}) as highest_expected,
        cast(anomaly_score as {{ type_double() }}) as anomaly_score,
        cast(case
            when metric_value is null then 'no_value'
            when expected_value is null then 'too_few_weeks'
            when anomaly_score > {{ threshold }} then 'high'
            when anomaly_score < -{{ threshold }} then 'low'
            else 'usual'
        end as {{ dbt.type_string() }}) as anomaly_status
    from rounded

)

select * from final
