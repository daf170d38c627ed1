{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='event_id',
    full_refresh=keep_history(),
    post_hook="{{ purge_texts(this, 'event_time', ['error_message']) }}",
    indexes=postgres_indexes([['event_id'], ['request_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['event_date', 'workspace_id']),
) }}

with audit as (

    select
        *,
        {{ map_document('user_identity') }} as user_identity_document,
        {{ map_document('request_params') }} as params,
        {{ map_document('response') }} as response_document
    from (
        select
            event_id,
            account_id,
            workspace_id,
            event_time,
            event_date,
            service_name,
            action_name,
            request_id,
            user_agent,
            user_identity,
            request_params,
            response,
            {{ landing_columns() }}
        from {{ source('system_access', 'audit') }}
    ) as landed
    where
        service_name = 'aibiGenie'
        and {{ is_observed_workspace('workspace_id') }}
        and {{ is_new_system_row('event_time', 'event_date') }}
    {{ parse_fence() }}

),

results as (

    select
        *,
        {{ json_document(struct_value('response_document', 'result')) }} as result_document
    from audit
    {{ parse_fence() }}

),

flattened as (

    select
        event_id,
        {{ surrogate_key([
            'workspace_id', 'action_name', 'coalesce(request_id, event_id)',
        ]) }} as request_key,
        account_id,
        workspace_id,
        event_time,
        event_date,
        service_name,
        action_name,
        request_id,
        user_agent,
        {{ struct_value('user_identity_document', 'email') }} as user_email,
        {{ safe_bigint(struct_value('response_document', 'status_code')) }} as status_code,
        {{ struct_value('response_document', 'error_message') }} as error_message,
        coalesce(
            {{ map_value('params', 'space_id') }},
            {{ map_value('params', 'spaceId') }},
            {{ json_text('result_document', ['space_id']) }}
        ) as space_id,
        coalesce(
            {{ map_value('params', 'conversation_id') }},
            {{ json_text('result_document', ['conversation_id']) }},
            {{ json_text('result_document', ['message', 'conversation_id']) }}
        ) as conversation_id,
        coalesce(
            {{ map_value('params', 'message_id') }},
            {{ json_text('result_document', ['message_id']) }},
            {{ json_text('result_document', ['message', 'message_id']) }}
        ) as message_id,
        coalesce(
            {{ map_value('params', 'feedback_rating') }},
            {{ map_value('params', 'rating') }}
        ) as feedback_rating,
        {{ map_value('params', 'comment_type') }} as comment_type,
        fetched_at,
        batch_id
    from results

),

numbered as (

    select
        *,
        row_number() over (
            partition by event_id
            order by fetched_at asc, batch_id asc, event_time asc
        ) as copy_number
    from flattened

),

final as (

    select
        event_id,
        request_key,
        account_id,
        workspace_id,
        event_time,
        event_date,
        service_name,
        action_name,
        request_id,
        user_agent,
        user_email,
        status_code,
        error_message,
        space_id,
        conversation_id,
        message_id,
        feedback_rating,
        comment_type,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from numbered
    where copy_number = 1

)

select * from final
{% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as kept
        where kept.event_id = final.event_id
    )
{% endif %}
