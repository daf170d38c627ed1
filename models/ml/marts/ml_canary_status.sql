{{ config(materialized='view') }}

{%- set promote_f1 = var('ml_canary_promote_f1') -%}
{%- set promote_error = var('ml_canary_promote_calibration_error') -%}
{%- set floor_f1 = var('ml_canary_roll_back_f1') -%}
{%- set error_limit = var('ml_canary_roll_back_calibration_error') -%}
{%- set steps = [10, 50, 100] %}

with versions as (

    select * from {{ ref('staging_ledger__model_versions') }}

),

runs as (

    select
        *,
        row_number() over (
            partition by model_version
            order by started_at desc, training_run_id desc
        ) as age_rank
    from {{ ref('staging_ledger__training_runs') }}

),

evidence as (

    select
        versions.model_version,
        versions.model_name,
        versions.stage,
        versions.registered_at,
        runs.training_run_id,
        runs.status as run_status,
        runs.rollout_percent as evaluated_rollout_percent,
        runs.row_count,
        runs.f1_macro,
        runs.calibration_error,
        runs.trained_until,
        runs.finished_at,
        coalesce(versions.rollout_percent, 0) as rollout_percent
    from versions
    left join runs
        on
            versions.model_version = runs.model_version
            and runs.age_rank = 1

),

judged as (

    select
        *,
        case
            when lower(stage) = 'archived' then 'archived'
            when training_run_id is null then 'no_run'
            when run_status <> 'succeeded' then 'not_succeeded'
            when f1_macro is null or calibration_error is null then 'no_metrics'
            when
                rollout_percent > 0
                and (
                    f1_macro < {{ floor_f1 }}
                    or calibration_error > {{ error_limit }}
                )
                then 'bad'
            when coalesce(evaluated_rollout_percent, -1) <> rollout_percent then 'other_rollout'
            when
                f1_macro < {{ promote_f1 }} or calibration_error > {{ promote_error }}
                then 'not_good'
            when rollout_percent >= 100 then 'at_the_end'
            else 'good'
        end as finding,
        'F1 ' || cast(cast(f1_macro as decimal(6, 4)) as {{ dbt.type_string() }})
        || ', calibration error '
        || cast(cast(calibration_error as decimal(6, 4)) as {{ dbt.type_string() }}) as metric_text,
        'evaluated at '
        || coalesce(cast(evaluated_rollout_percent as {{ dbt.type_string() }}), 'unknown')
        || ' percent, serves ' || cast(rollout_percent as {{ dbt.type_string() }})
        || ' percent' as rollout_texts
    from evidence

),

final as (

    select
        cast(model_version as {{ dbt.type_string() }}) as model_version,
        cast(model_name as {{ dbt.type_string() }}) as model_name,
        cast(stage as {{ dbt.type_string() }}) as stage,
        cast(rollout_percent as bigint) as rollout_percent,
        cast(case finding
            when 'good' then 'promote'
            when 'bad' then 'roll_back'
            else 'hold'
        end as {{ dbt.type_string() }}) as decision,
        cast(case
            when finding = 'bad' then 0
            when finding <> 'good' then rollout_percent
            {% for step in steps %}
                when rollout_percent < {{ step }} then {{ step }}
            {% endfor %}
        end as bigint) as next_rollout_percent,
        cast(case finding
            when 'archived' then 'the version is archived'
            when 'no_run' then 'the version has no training run'
            when 'not_succeeded' then 'the newest run is ' || run_status
            when 'no_metrics' then 'the newest run has no metrics'
            when 'other_rollout' then rollout_texts
            when 'at_the_end' then metric_text || ': good, and serves all'
            when 'good'
                then metric_text || ': at least {{ promote_f1 }} and at most {{ promote_error }}'
            when 'not_good'
                then metric_text || ': promotion needs {{ promote_f1 }} and {{ promote_error }}'
            when 'bad' then metric_text || ': under {{ floor_f1 }} or over {{ error_limit }}'
        end as {{ dbt.type_string() }}) as reason,
        cast(training_run_id as {{ dbt.type_string() }}) as training_run_id,
        cast(run_status as {{ dbt.type_string() }}) as run_status,
        cast(evaluated_rollout_percent as bigint) as evaluated_rollout_percent,
        cast(row_count as bigint) as row_count,
        cast(f1_macro as {{ type_double() }}) as f1_macro,
        cast(calibration_error as {{ type_double() }}) as calibration_error,
        cast(trained_until as date) as trained_until,
        cast(finished_at as timestamp) as finished_at,
        cast(registered_at as timestamp) as registered_at
    from judged

)

select * from final
