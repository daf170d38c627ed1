{{ config(materialized='view') }}

with final as (

    select
        workspace_id,
        space_id,
        conversation_id,
        payload,
        fetched_at,
        batch_id
    from {{ source('genie_raw', 'conversations') }}

)

select * from final
