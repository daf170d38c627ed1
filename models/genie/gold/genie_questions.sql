{{ config(materialized='view') }}

with messages as (

    select * from {{ ref('message_details') }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

outcomes as (

    select * from {{ ref('genie_message_outcomes') }}

),

fetched as (

    select
        *,
        {{ timestamp_from_milliseconds('created_timestamp') }} as asked_at
    from messages
    where ingestion_timestamp is not null

),

judged as (

    select
        fetched.*,
        activity.user_email,
        outcomes.feedback_rating as last_rating,
        outcomes.is_answered,
        coalesce(outcomes.outcome, 'in_progress') as outcome
    from fetched
    left join activity
        on fetched.message_key = activity.message_key
    left join outcomes
        on fetched.message_key = outcomes.message_key

),

final as (

    select
        cast(message_key as {{ dbt.type_string() }}) as message_key,
        cast(coalesce(workspace_name, workspace_id) as {{ dbt.type_string() }}) as workspace,
        cast(coalesce(space_name, space_id) as {{ dbt.type_string() }}) as space,
        cast(conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(message_id as {{ dbt.type_string() }}) as message_id,
        cast(asked_at as timestamp) as asked_at,
        cast(asked_at as date) as asked_date,
        cast(extract(hour from asked_at) as bigint) as asked_hour,
        cast({{ iso_day_of_week('asked_at') }} as bigint) as asked_weekday,
        cast(coalesce(user_email, user_id) as {{ dbt.type_string() }}) as asked_by,
        cast(coalesce(channel, 'unknown') as {{ dbt.type_string() }}) as channel,
        cast(content as {{ dbt.type_string() }}) as question,
        cast(status as {{ dbt.type_string() }}) as status,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(case
            when is_answered then 1
            when not is_answered then 0
        end as {{ type_double() }}) as answered_ratio,
        cast(error_type as {{ dbt.type_string() }}) as error_type,
        cast(error_class as {{ dbt.type_string() }}) as error_class,
        cast(error_message as {{ dbt.type_string() }}) as error_message,
        cast(latency_seconds as {{ type_double() }}) as latency_seconds,
        cast(query_duration_ms / cast(1000 as {{ type_double() }}) as {{ type_double() }})
            as query_seconds,
        cast(case
            when last_rating in ('POSITIVE', 'NEGATIVE') then lower(last_rating)
        end as {{ dbt.type_string() }}) as rating,
        cast(case
            when last_rating = 'POSITIVE' then 1
            when last_rating = 'NEGATIVE' then 0
        end as {{ type_double() }}) as positive_ratio,
        cast(feedback_comment as {{ dbt.type_string() }}) as feedback_comment,
        cast(query_description as {{ dbt.type_string() }}) as query_description,
        cast(query_sql as {{ dbt.type_string() }}) as query_sql,
        cast(statement_count as bigint) as statement_count,
        cast(attachments_count as bigint) as attachments_count,
        cast(ingestion_timestamp as timestamp) as fetched_at
    from judged

)

select * from final
