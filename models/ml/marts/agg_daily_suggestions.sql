{{ config(
    materialized='table',
    indexes=postgres_indexes([['suggested_date', 'model_version']], unique=true),
) }}

with suggestions as (

    select * from {{ ref('fct_suggestions_eval') }}
    where is_last_feedback

),

counted as (

    select
        suggested_date,
        model_version,
        count(*) as suggestion_count,
        count(feedback) as feedback_count,
        count(case when feedback = 'accepted' then 1 end) as accepted_count,
        count(case when feedback = 'corrected' then 1 end) as corrected_count,
        count(case when feedback = 'rejected' then 1 end) as rejected_count,
        count(is_correct) as known_count,
        count(case when is_correct then 1 end) as correct_count,
        avg(confidence) as mean_confidence,
        avg(case when is_correct is not null then confidence end) as known_mean_confidence,
        max(loaded_at) as loaded_at
    from suggestions
    group by suggested_date, model_version

),

final as (

    select
        cast(suggested_date as date) as suggested_date,
        cast(model_version as {{ dbt.type_string() }}) as model_version,
        cast(suggestion_count as bigint) as suggestion_count,
        cast(feedback_count as bigint) as feedback_count,
        cast(accepted_count as bigint) as accepted_count,
        cast(corrected_count as bigint) as corrected_count,
        cast(rejected_count as bigint) as rejected_count,
        cast(known_count as bigint) as known_count,
        cast(correct_count as bigint) as correct_count,
        cast(
            cast(feedback_count as {{ type_double() }}) / suggestion_count as {{ type_double() }}
        ) as feedback_rate,
        cast(
            cast(accepted_count as {{ type_double() }}) / nullif(feedback_count, 0)
            as {{ type_double() }}
        ) as acceptance_rate,
        cast(
            cast(correct_count as {{ type_double() }}) / nullif(known_count, 0)
            as {{ type_double() }}
        ) as accuracy,
        cast(mean_confidence as {{ type_double() }}) as mean_confidence,
        cast(
            known_mean_confidence
            - cast(correct_count as {{ type_double() }}) / nullif(known_count, 0)
            as {{ type_double() }}
        ) as overconfidence,
        cast(loaded_at as timestamp) as loaded_at
    from counted

)

select * from final
