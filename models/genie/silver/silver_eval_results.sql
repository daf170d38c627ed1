{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='eval_result_key',
    indexes=postgres_indexes(
        [['eval_result_key'], ['workspace_id', 'eval_run_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'eval_run_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'eval_run_id', 'result_id']) }} as eval_result_key
    from {{ ref('bronze_genie__eval_results') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

parsed as (

    select
        *,
        {{ json_document('payload') }} as body
    from landed
    {{ parse_fence() }}

),

-- the judgement comes with the details of a result, the question with the list of results
extracted as (

    select
        eval_result_key,
        workspace_id,
        coalesce(space_id, {{ json_text('body', ['space_id']) }}) as space_id,
        eval_run_id,
        result_id,
        {{ json_text('body', ['benchmark_question_id']) }} as benchmark_question_id,
        {{ json_text('body', ['question']) }} as question,
        coalesce(
            {{ json_text('body', ['benchmark_answer']) }},
            {{ json_array_text('body', ['expected_response'], 'chr(10)', 'response') }}
        ) as benchmark_answer,
        {{ json_array_text('body', ['actual_response'], 'chr(10)', 'response') }}
            as actual_response,
        coalesce(
            {{ json_text('body', ['status']) }}, {{ json_text('body', ['eval_run_status']) }}
        ) as status,
        {{ json_text('body', ['assessment']) }} as assessment,
        {{ json_array_text('body', ['assessment_reasons'], "', '") }} as assessment_reasons,
        {{ json_text('body', ['manual_assessment']) }} = 'true' as is_manual,
        fetched_at,
        batch_id
    from parsed

),

-- the API forgets judgements before it forgets results: one that was seen stays
numbered as (

    select
        *,
        row_number() over (
            partition by eval_result_key
            order by
                case when assessment is null then 1 else 0 end,
                fetched_at desc,
                batch_id desc
        ) as age_rank
    from extracted

),

final as (

    select
        eval_result_key,
        workspace_id,
        space_id,
        eval_run_id,
        result_id,
        benchmark_question_id,
        question,
        benchmark_answer,
        actual_response,
        status,
        assessment,
        assessment_reasons,
        is_manual,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from numbered
    where age_rank = 1

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.eval_result_key = final.eval_result_key
            and (
                (kept.assessment is not null and final.assessment is null)
                or (
                    kept.fetched_at > final.fetched_at
                    and (kept.assessment is not null or final.assessment is null)
                )
            )
    )
{% endif %}
