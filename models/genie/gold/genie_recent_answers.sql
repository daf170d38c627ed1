{{ config(materialized='view') }}

with messages as (

    select * from {{ ref('message_details') }}

),

statuses as (

    select * from {{ ref('genie_message_statuses') }}

),

recent as (

    select
        messages.status,
        messages.feedback_rating
    from messages
    inner join statuses
        on messages.status = statuses.status
    where
        statuses.is_final
        and {{ timestamp_from_milliseconds('messages.created_timestamp') }}
        >= {{ add_seconds(current_utc(), -86400) }}

),

counts as (

    select
        count(*) as answer_count,
        count(case when status = 'FAILED' then 1 end) as failed_count,
        count(case when feedback_rating in ('POSITIVE', 'NEGATIVE') then 1 end) as rated_count,
        count(case when feedback_rating = 'NEGATIVE' then 1 end) as negative_count
    from recent

),

final as (

    select
        cast(answer_count as bigint) as answer_count,
        cast(failed_count as bigint) as failed_count,
        cast(rated_count as bigint) as rated_count,
        cast(negative_count as bigint) as negative_count,
        cast(
            failed_count / cast(nullif(answer_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as failure_ratio,
        cast(
            negative_count / cast(nullif(rated_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as negative_feedback_ratio
    from counts

)

select * from final
