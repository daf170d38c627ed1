{{ config(materialized='view') }}

with events as (

    select
        suggestion_id,
        transaction_id,
        loaded_at
    from {{ source('ledger', 'suggestion_events') }}

),

feedback as (

    select
        feedback_id,
        loaded_at
    from {{ source('ledger', 'suggestion_feedback') }}

),

kept_feedback as (

    select
        feedback_id,
        suggestion_id
    from {{ ref('staging_ledger__suggestion_feedback') }}

),

labels as (

    select
        label_id,
        transaction_id,
        loaded_at
    from {{ source('ledger', 'transaction_labels') }}

),

transactions as (

    select
        transaction_id,
        loaded_at
    from {{ source('ledger', 'transactions') }}

),

-- every transaction that a label was ever given to: one that moves changes both
label_changes as (

    select
        versions.transaction_id,
        labels.loaded_at
    from labels
    inner join labels as versions
        on labels.label_id = versions.label_id

),

final as (

    select
        suggestion_id,
        loaded_at
    from events
    union all
    select
        kept_feedback.suggestion_id,
        feedback.loaded_at
    from feedback
    inner join kept_feedback
        on feedback.feedback_id = kept_feedback.feedback_id
    union all
    select
        events.suggestion_id,
        label_changes.loaded_at
    from label_changes
    inner join events
        on label_changes.transaction_id = events.transaction_id
    union all
    select
        events.suggestion_id,
        transactions.loaded_at
    from transactions
    inner join events
        on transactions.transaction_id = events.transaction_id

)

select * from final
