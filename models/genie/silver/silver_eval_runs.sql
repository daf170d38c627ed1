{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='eval_run_key',
    indexes=postgres_indexes([['eval_run_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['workspace_id', 'space_id']),
) }}

with landed as (

    select
        *,
        {{ surrogate_key(['workspace_id', 'eval_run_id']) }} as eval_run_key
    from {{ ref('bronze_genie__eval_runs') }}
    {% if is_incremental() %}
        where {{ is_new_batch() }}
    {% endif %}

),

numbered as (

    select
        *,
        row_number() over (
            partition by eval_run_key
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
        eval_run_key,
        workspace_id,
        space_id,
        eval_run_id,
        {{ json_text('body', ['eval_run_status']) }} as status,
        {{ json_text('body', ['run_by_user']) }} as run_by_user,
        {{ json_bigint('body', ['num_questions']) }} as num_questions,
        {{ json_bigint('body', ['num_done']) }} as num_done,
        {{ json_bigint('body', ['num_correct']) }} as num_correct,
        {{ json_bigint('body', ['num_needs_review']) }} as num_needs_review,
        {{ json_bigint('body', ['created_timestamp']) }} as created_epoch,
        {{ json_bigint('body', ['last_updated_timestamp']) }} as updated_epoch,
        payload_sha256,
        fetched_at,
        batch_id
    from parsed

),

final as (

    select
        eval_run_key,
        workspace_id,
        space_id,
        eval_run_id,
        status,
        run_by_user,
        num_questions,
        num_done,
        num_correct,
        num_needs_review,
        {{ epoch_milliseconds('created_epoch') }} as created_timestamp,
        {{ epoch_milliseconds('updated_epoch') }} as updated_timestamp,
        payload_sha256,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from extracted

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where
            kept.eval_run_key = final.eval_run_key
            and kept.fetched_at > final.fetched_at
    )
{% endif %}
