{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='space_key',
    indexes=postgres_indexes(
        [['space_key'], ['workspace_id', 'space_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'space_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'space_id']) }} as space_key
    from {{ ref('bronze_genie__spaces') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

numbered as (

    select
        *,
        row_number() over (
            partition by space_key
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

parsed as (

    select
        *,
        {{ json_document('payload') }} as body
    from numbered
    where age_rank = 1
    {{ parse_fence() }}

),

final as (

    select
        space_key,
        workspace_id,
        space_id,
        {{ json_text('body', ['title']) }} as title,
        {{ json_text('body', ['description']) }} as description,
        {{ json_text('body', ['warehouse_id']) }} as warehouse_id,
        {{ json_text('body', ['parent_path']) }} as parent_path,
        {{ json_text('body', ['etag']) }} as etag,
        {{ json_text('body', ['serialized_space']) }} as serialized_space,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from parsed

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.space_key = final.space_key
            and kept.fetched_at > final.fetched_at
    )
{% endif %}
