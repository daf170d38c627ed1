{{ config(materialized='view') }}

with final as (

    select
        workspace_id,
        space_id,
        payload,
        payload_sha256,
        fetched_at,
        batch_id
    from {{ source('genie_raw', 'spaces') }}

)

select * from final
