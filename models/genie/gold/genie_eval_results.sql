{{ config(materialized='view') }}

with results as (

    select * from {{ ref('silver_eval_results') }}

),

runs as (

    select * from {{ ref('silver_eval_runs') }}

),

located as (

    select
        results.*,
        runs.created_timestamp as run_created_timestamp,
        coalesce(results.space_id, runs.space_id) as any_space_id
    from results
    left join runs
        on
            results.workspace_id = runs.workspace_id
            and results.eval_run_id = runs.eval_run_id

),

final as (

    select
        cast(located.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(located.any_space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(located.eval_run_id as {{ dbt.type_string() }}) as eval_run_id,
        cast({{ timestamp_from_milliseconds('located.run_created_timestamp') }} as timestamp)
            as run_created_at,
        cast(located.result_id as {{ dbt.type_string() }}) as result_id,
        cast(located.benchmark_question_id as {{ dbt.type_string() }}) as benchmark_question_id,
        cast(located.question as {{ dbt.type_string() }}) as question,
        cast(located.benchmark_answer as {{ dbt.type_string() }}) as benchmark_answer,
        cast(located.actual_response as {{ dbt.type_string() }}) as actual_response,
        cast(located.status as {{ dbt.type_string() }}) as status,
        cast(located.assessment as {{ dbt.type_string() }}) as assessment,
        cast(located.assessment_reasons as {{ dbt.type_string() }}) as assessment_reasons,
        cast(located.is_manual as boolean) as is_manual,
        cast(located.fetched_at as timestamp) as fetched_at
    from located
    left join {{ ref('silver_spaces') }} as spaces
        on
            located.workspace_id = spaces.workspace_id
            and located.any_space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on located.workspace_id = workspaces.workspace_id

)

select * from final
