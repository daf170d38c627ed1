{{ config(materialized='table') }}

with landed as (

    select
        *,
        row_number() over (
            partition by workspace_id, space_id
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from {{ ref('bronze_genie__spaces') }}

),

parsed as (

    select
        *,
        {{ json_document('payload') }} as body
    from landed
    where age_rank = 1
    {{ parse_fence() }}

),

final as (

    select
        workspace_id,
        space_id,
        {{ json_text('body', ['title']) }} as title,
        {{ json_text('body', ['description']) }} as description,
        {{ json_text('body', ['warehouse_id']) }} as warehouse_id,
        {{ json_text('body', ['parent_path']) }} as parent_path,
        {{ json_text('body', ['etag']) }} as etag,
        {{ json_text('body', ['serialized_space']) }} as serialized_space,
        fetched_at,
        batch_id
    from parsed

)

select * from final
