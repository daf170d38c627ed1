{# fct_training_view and ml_excluded_transactions share the transactions that exist between them #}

with transactions as (

    select transaction_id from {{ ref('staging_ledger__transactions') }}
    where not is_deleted

),

told as (

    select transaction_id from {{ ref('fct_training_view') }}
    union all
    select transaction_id from {{ ref('ml_excluded_transactions') }}

),

final as (

    select
        transactions.transaction_id,
        count(told.transaction_id) as times_told
    from transactions
    left join told
        on transactions.transaction_id = told.transaction_id
    group by transactions.transaction_id

)

select * from final
where times_told <> 1
