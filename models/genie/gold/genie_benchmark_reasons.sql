{{ config(materialized='view') }}

{#- a list of objects: of bare texts in a list each engine makes something else -#}
{%- set listed = "'[{\"reason\":\"' || replace(replace(assessment_reasons, '\"', ''), ', ', "
    ~ "'\"},{\"reason\":\"') || '\"}]'" %}

with results as (

    select
        *,
        {{ json_document(listed) }} as reasons
    from {{ ref('genie_eval_results') }}
    where assessment_reasons is not null
    {{ parse_fence() }}

),

exploded as (

    select
        results.workspace_id,
        results.workspace_name,
        results.space_id,
        results.space_name,
        results.eval_run_id,
        results.run_created_at,
        results.assessment,
        {{ json_text('item.elem', ['reason']) }} as reason
    from results
    {{ json_array_elements('results.reasons', [], 'item') }}

),

final as (

    select
        cast(exploded.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(max(exploded.workspace_name) as {{ dbt.type_string() }}) as workspace_name,
        cast(exploded.space_id as {{ dbt.type_string() }}) as space_id,
        cast(max(exploded.space_name) as {{ dbt.type_string() }}) as space_name,
        cast(exploded.eval_run_id as {{ dbt.type_string() }}) as eval_run_id,
        cast(max(exploded.run_created_at) as timestamp) as run_created_at,
        cast(exploded.reason as {{ dbt.type_string() }}) as reason,
        cast(max(coalesce(score_reasons.reason_class, 'unknown')) as {{ dbt.type_string() }})
            as reason_class,
        cast(count(case when exploded.assessment = 'BAD' then 1 end) as bigint) as bad_count,
        cast(count(case when exploded.assessment = 'NEEDS_REVIEW' then 1 end) as bigint)
            as needs_review_count,
        cast(count(*) as bigint) as result_count
    from exploded
    left join {{ ref('genie_score_reasons') }} as score_reasons
        on exploded.reason = score_reasons.reason
    group by
        exploded.workspace_id,
        exploded.space_id,
        exploded.eval_run_id,
        exploded.reason

)

select * from final
