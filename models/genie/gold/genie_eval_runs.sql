{{ config(materialized='view') }}

with runs as (

    select * from {{ ref('silver_eval_runs') }}

),

statuses as (

    select * from {{ ref('genie_eval_statuses') }}

),

results as (

    select
        workspace_id,
        eval_run_id,
        count(*) as result_count
    from {{ ref('silver_eval_results') }}
    group by workspace_id, eval_run_id

),

fetches as (

    select
        workspace_id,
        resource_id as eval_run_id,
        max(fetched_at) as results_fetched_at
    from {{ ref('bronze_genie__fetch_attempts') }}
    where resource = 'eval_run' and outcome = 'fetched'
    group by workspace_id, resource_id

),

final as (

    select
        cast(runs.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(workspaces.workspace_url as {{ dbt.type_string() }}) as workspace_url,
        cast(runs.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(runs.eval_run_id as {{ dbt.type_string() }}) as eval_run_id,
        cast(runs.status as {{ dbt.type_string() }}) as status,
        cast({{ timestamp_from_milliseconds('runs.created_timestamp') }} as timestamp)
            as created_at,
        cast({{ timestamp_from_milliseconds('runs.updated_timestamp') }} as timestamp)
            as updated_at,
        cast(runs.num_questions as bigint) as num_questions,
        cast(runs.num_done as bigint) as num_done,
        cast(runs.num_correct as bigint) as num_correct,
        cast(runs.num_needs_review as bigint) as num_needs_review,
        cast(
            runs.num_correct / cast(nullif(runs.num_questions, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as accuracy,
        cast(coalesce(results.result_count, 0) as bigint) as result_count,
        cast(fetches.results_fetched_at as timestamp) as results_fetched_at,
        cast(coalesce(statuses.is_final, false) as boolean) as is_final,
        cast(
            coalesce(statuses.is_final and fetches.results_fetched_at >= runs.fetched_at, false)
            as boolean
        ) as is_complete,
        cast(runs.payload_sha256 as {{ dbt.type_string() }}) as payload_sha256
    from runs
    left join statuses
        on runs.status = statuses.status
    left join results
        on
            runs.workspace_id = results.workspace_id
            and runs.eval_run_id = results.eval_run_id
    left join fetches
        on
            runs.workspace_id = fetches.workspace_id
            and runs.eval_run_id = fetches.eval_run_id
    left join {{ ref('silver_spaces') }} as spaces
        on
            runs.workspace_id = spaces.workspace_id
            and runs.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on runs.workspace_id = workspaces.workspace_id

)

select * from final
