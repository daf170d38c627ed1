{{ config(materialized='view') }}

with final as (

    select
        workspace_id,
        space_id,
        eval_run_id,
        result_id,
        payload,
        fetched_at,
        batch_id
    from {{ source('genie_raw', 'eval_results') }}

)

select * from final
