{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='message_key',
    indexes=postgres_indexes([['message_key'], ['workspace_id', 'space_id']], unique=true),
    liquid_clustered_by=databricks_clustering(['created_date', 'workspace_id']),
) }}

with messages as (

    {{ changed_messages() }}

),

activity as (

    select * from {{ ref('silver_message_activity') }}

),

statuses as (

    select * from {{ ref('genie_message_statuses') }}

),

error_types as (

    select * from {{ ref('genie_error_types') }}

),

answer_words as (

    select * from {{ ref('silver_message_words') }}

),

classified as (

    select
        messages.*,
        activity.regenerate_count,
        activity.rating_count,
        activity.review_request_count,
        error_types.owner as error_owner,
        case
            when not coalesce(statuses.is_final, false) then 'in_progress'
            when messages.status = 'CANCELLED' then 'cancelled'
            when not statuses.is_success then 'failed'
            when messages.statement_count > 0 then 'answered'
            when answer_words.message_key is null then 'empty'
            when answer_words.is_question then 'clarification'
            when answer_words.is_refusal then 'refused'
            when answer_words.has_words then 'answered_in_words'
            else 'words_not_kept'
        end as outcome
    from messages
    left join statuses
        on messages.status = statuses.status
    left join activity
        on messages.message_key = activity.message_key
    left join error_types
        on messages.error_type = error_types.error_type
    left join answer_words
        on
            messages.message_key = answer_words.message_key
            and messages.ingestion_timestamp = answer_words.fetched_at
    where messages.status is not null

),

final as (

    select
        cast(message_key as {{ dbt.type_string() }}) as message_key,
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(message_id as {{ dbt.type_string() }}) as message_id,
        cast(user_id as {{ dbt.type_string() }}) as user_id,
        cast(created_timestamp as bigint) as created_timestamp,
        cast(created_date as date) as created_date,
        cast({{ normalised_question('content') }} as {{ dbt.type_string() }})
            as normalised_question,
        cast(status as {{ dbt.type_string() }}) as status,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(case
            when outcome in ('answered', 'answered_in_words') then true
            when outcome in ('failed', 'refused', 'empty') then false
        end as boolean) as is_answered,
        cast(error_type as {{ dbt.type_string() }}) as error_type,
        cast(error_class as {{ dbt.type_string() }}) as error_class,
        cast(case
            when outcome = 'failed' then coalesce(error_owner, 'unknown')
        end as {{ dbt.type_string() }}) as error_owner,
        cast(coalesce(auto_regenerate_count, 0) as bigint) as auto_regenerate_count,
        cast(coalesce(regenerate_count, 0) as bigint) as user_regenerate_count,
        cast(feedback_rating as {{ dbt.type_string() }}) as feedback_rating,
        cast(coalesce(rating_count, 0) as bigint) as rating_count,
        cast(coalesce(review_request_count, 0) as bigint) as review_request_count,
        cast(source_loaded_at as timestamp) as source_loaded_at
    from classified

)

select * from final
