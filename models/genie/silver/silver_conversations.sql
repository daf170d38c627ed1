{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='conversation_key',
    indexes=postgres_indexes(
        [['conversation_key'], ['workspace_id', 'conversation_id'], ['loaded_at']], unique=true
    ),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'space_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'conversation_id']) }} as conversation_key
    from {{ ref('bronze_genie__conversations') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

numbered as (

    select
        *,
        min(fetched_at) over (partition by conversation_key) as first_listed_at,
        row_number() over (
            partition by conversation_key
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

extracted as (

    select
        conversation_key,
        workspace_id,
        coalesce(space_id, {{ json_text('body', ['space_id']) }}) as space_id,
        conversation_id,
        {{ json_text('body', ['title']) }} as title,
        {{ json_text('body', ['agent_type']) }} as agent_type,
        {{ json_bigint('body', ['created_timestamp']) }} as created_epoch,
        first_listed_at,
        fetched_at,
        batch_id
    from parsed

),

-- the first sight of a conversation stays, and the newest payload, in whatever order batches come
merged as (

    select
        conversation_key,
        workspace_id,
        space_id,
        conversation_id,
        title,
        agent_type,
        {{ epoch_milliseconds('created_epoch') }} as created_timestamp,
        first_listed_at,
        fetched_at,
        batch_id
    from extracted
    {% if is_incremental() %}
        union all
        select
            kept.conversation_key,
            kept.workspace_id,
            kept.space_id,
            kept.conversation_id,
            kept.title,
            kept.agent_type,
            kept.created_timestamp,
            kept.first_listed_at,
            kept.fetched_at,
            kept.batch_id
        from {{ this }} as kept
        inner join extracted
            on kept.conversation_key = extracted.conversation_key
    {% endif %}

),

ranked as (

    select
        *,
        min(first_listed_at) over (partition by conversation_key) as earliest_listed_at,
        row_number() over (
            partition by conversation_key
            order by
                fetched_at desc,
                case when {{ is_purged() }} then 0 else 1 end,
                batch_id desc
        ) as version_rank
    from merged

),

final as (

    select
        conversation_key,
        workspace_id,
        space_id,
        conversation_id,
        title,
        agent_type,
        created_timestamp,
        earliest_listed_at as first_listed_at,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from ranked
    where version_rank = 1

)

select * from final
