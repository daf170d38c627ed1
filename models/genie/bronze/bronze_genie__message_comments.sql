{{ config(materialized='view') }}

with final as (

    select
        workspace_id,
        space_id,
        conversation_id,
        message_id,
        comment_id,
        payload,
        fetched_at,
        batch_id
    from {{ source('genie_raw', 'message_comments') }}

)

select * from final
