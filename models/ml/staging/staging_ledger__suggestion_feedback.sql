{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by feedback_id
            order by loaded_at desc, batch_id desc, feedback_at desc, feedback desc
        ) as age_rank
    from {{ source('ledger', 'suggestion_feedback') }}

),

-- a correction changes what was said of a suggestion, not of which
first_received as (

    select
        feedback_id,
        suggestion_id,
        row_number() over (
            partition by feedback_id
            order by loaded_at, batch_id, suggestion_id
        ) as arrival_rank
    from {{ source('ledger', 'suggestion_feedback') }}

),

final as (

    select
        received.feedback_id,
        first_received.suggestion_id,
        received.feedback,
        received.corrected_label,
        received.feedback_at,
        received.loaded_at,
        received.batch_id
    from received
    inner join first_received
        on
            received.feedback_id = first_received.feedback_id
            and first_received.arrival_rank = 1
    where received.age_rank = 1

)

select * from final
