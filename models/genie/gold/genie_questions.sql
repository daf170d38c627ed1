{{ config(materialized='view') }}

with messages as (

    select * from {{ ref('message_details') }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

statuses as (

    select * from {{ ref('genie_message_statuses') }}

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
        case
            when statuses.is_success then 'answered'
            when fetched.status = 'CANCELLED' then 'cancelled'
            when statuses.is_final then 'failed'
            when statuses.status is not null then 'in progress'
            else 'unknown'
        end as outcome
    from fetched
    left join activity
        on fetched.message_key = activity.message_key
    left join statuses
        on fetched.status = statuses.status

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
            when outcome = 'answered' then 1
            when outcome in ('failed', 'cancelled') then 0
        end as {{ type_double() }}) as answered_ratio,
        cast(error_type as {{ dbt.type_string() }}) as error_type,
        cast(error_class as {{ dbt.type_string() }}) as error_class,
        cast(error_message as {{ dbt.type_string() }}) as error_message,
        cast(latency_seconds as {{ type_double() }}) as latency_seconds,
        cast(query_duration_ms / cast(1000 as {{ type_double() }}) as {{ type_double() }})
            as query_seconds,
        cast(case
            when feedback_rating in ('POSITIVE', 'NEGATIVE') then lower(feedback_rating)
        end as {{ dbt.type_string() }}) as rating,
        cast(case
            when feedback_rating = 'POSITIVE' then 1
            when feedback_rating = 'NEGATIVE' then 0
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
