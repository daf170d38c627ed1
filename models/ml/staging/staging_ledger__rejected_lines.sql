{{ config(materialized='view') }}

with received as (

    select
        *,
        row_number() over (
            partition by sha256, line_number
            order by loaded_at, batch_id
        ) as age_rank
    from {{ source('ledger', 'rejected_lines') }}

),

final as (

    select
        file_name,
        sha256,
        line_number,
        line,
        reason,
        loaded_at,
        batch_id
    from received
    where age_rank = 1

)

select * from final
