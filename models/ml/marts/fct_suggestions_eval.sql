{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='suggestion_feedback_key',
    indexes=postgres_indexes([['suggestion_feedback_key'], ['suggestion_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['suggested_date']),
) }}

with events as (

    select * from {{ ref('staging_ledger__suggestion_events') }}

),

feedback as (

    select
        *,
        row_number() over (partition by suggestion_id order by feedback_at, feedback_id)
            as feedback_number,
        count(*) over (partition by suggestion_id) as feedback_count
    from {{ ref('staging_ledger__suggestion_feedback') }}

),

targets as (

    select * from {{ ref('staging_transaction_targets') }}

),

changes as (

    select * from {{ ref('staging_suggestion_changes') }}

),

-- of which anything arrived: themselves, feedback, a label or their transaction, of any age
touched as (

    select distinct suggestion_id
    from changes
    {% if is_incremental() %}
        where {{ is_new_since_last_build(lookback_days=var('landing_lookback_days')) }}
    {% endif %}

),

changed as (

    select
        changes.suggestion_id,
        max(changes.loaded_at) as loaded_at
    from changes
    inner join touched
        on changes.suggestion_id = touched.suggestion_id
    group by changes.suggestion_id

),

joined as (

    select
        events.*,
        feedback.feedback_id,
        feedback.feedback,
        feedback.corrected_label,
        feedback.feedback_at,
        targets.final_label,
        targets.final_label_observed_at,
        changed.loaded_at as changed_at,
        coalesce(feedback.feedback_number, 1) as feedback_number,
        coalesce(feedback.feedback_number = feedback.feedback_count, true) as is_last_feedback,
        case feedback.feedback
            when 'accepted' then events.suggested_label
            when 'corrected' then feedback.corrected_label
            else targets.final_label
        end as actual_label
    from events
    inner join changed
        on events.suggestion_id = changed.suggestion_id
    left join feedback
        on events.suggestion_id = feedback.suggestion_id
    left join targets
        on events.transaction_id = targets.transaction_id

),

final as (

    select
        -- by number, so that the first feedback takes the place of none
        cast({{ surrogate_key(['suggestion_id', 'feedback_number']) }} as {{ dbt.type_string() }})
            as suggestion_feedback_key,
        cast(suggestion_id as {{ dbt.type_string() }}) as suggestion_id,
        cast(feedback_id as {{ dbt.type_string() }}) as feedback_id,
        cast(transaction_id as {{ dbt.type_string() }}) as transaction_id,
        cast(model_version as {{ dbt.type_string() }}) as model_version,
        cast(feedback_number as bigint) as feedback_number,
        cast(is_last_feedback as boolean) as is_last_feedback,
        cast(suggested_label as {{ dbt.type_string() }}) as suggested_label,
        cast(confidence as {{ type_double() }}) as confidence,
        cast(feedback as {{ dbt.type_string() }}) as feedback,
        cast(corrected_label as {{ dbt.type_string() }}) as corrected_label,
        cast(final_label as {{ dbt.type_string() }}) as ledger_label,
        cast(actual_label as {{ dbt.type_string() }}) as actual_label,
        cast(case
            when feedback = 'rejected' and actual_label is null then false
            else suggested_label = actual_label
        end as boolean) as is_correct,
        cast(suggested_at as timestamp) as suggested_at,
        cast(suggested_at as date) as suggested_date,
        cast(feedback_at as timestamp) as feedback_at,
        cast(final_label_observed_at as timestamp) as label_observed_at,
        cast(changed_at as timestamp) as loaded_at
    from joined

)

select * from final
