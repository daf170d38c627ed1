{{ config(materialized='view') }}

with final as (

    select
        workspace_id,
        space_id,
        eval_run_id,
        payload,
        payload_sha256,
        fetched_at,
        batch_id
    from {{ source('genie_raw', 'eval_runs') }}

)

select * from final
