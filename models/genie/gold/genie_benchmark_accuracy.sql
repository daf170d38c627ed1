{{ config(materialized='view') }}

with runs as (

    select * from {{ ref('genie_eval_runs') }}

),

results as (

    select
        workspace_id,
        eval_run_id,
        count(assessment) as judged_count,
        count(case when assessment = 'GOOD' then 1 end) as good_count,
        count(case when assessment = 'BAD' then 1 end) as bad_count,
        count(case when assessment = 'NEEDS_REVIEW' then 1 end) as needs_review_count,
        count(case when is_manual then 1 end) as manual_count
    from {{ ref('genie_eval_results') }}
    where assessment is not null
    group by workspace_id, eval_run_id

),

-- a run that was stopped has not asked everything: its accuracy is no point of the curve
judged as (

    select
        runs.*,
        results.good_count,
        results.bad_count,
        results.needs_review_count,
        results.manual_count,
        coalesce(results.judged_count, 0) as judged_count,
        case
            when not runs.is_final then 'running'
            when coalesce(runs.num_questions, 0) = 0 then 'no_questions'
            when runs.status <> 'DONE' then 'stopped'
            else 'measured'
        end as accuracy_status
    from runs
    left join results
        on
            runs.workspace_id = results.workspace_id
            and runs.eval_run_id = results.eval_run_id

),

compared as (

    select
        *,
        case when accuracy_status = 'measured' then accuracy end as measured_accuracy,
        lag(case when accuracy_status = 'measured' then accuracy end) over (
            partition by workspace_id, space_id, accuracy_status
            order by created_at, eval_run_id
        ) as accuracy_before
    from judged

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(eval_run_id as {{ dbt.type_string() }}) as eval_run_id,
        cast(created_at as timestamp) as created_at,
        cast(accuracy_status as {{ dbt.type_string() }}) as accuracy_status,
        cast(num_questions as bigint) as question_count,
        cast(num_correct as bigint) as correct_count,
        cast(measured_accuracy as {{ type_double() }}) as accuracy,
        cast(accuracy_before as {{ type_double() }}) as accuracy_before,
        cast(measured_accuracy - accuracy_before as {{ type_double() }}) as accuracy_change,
        cast(judged_count as bigint) as judged_count,
        cast(good_count as bigint) as good_count,
        cast(bad_count as bigint) as bad_count,
        cast(needs_review_count as bigint) as needs_review_count,
        cast(manual_count as bigint) as manual_count,
        cast(
            good_count / cast(nullif(good_count + bad_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as decided_accuracy
    from compared

)

select * from final
