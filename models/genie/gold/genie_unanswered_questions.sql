{{ config(materialized='table') }}

with ordered as (

    select
        *,
        lead(message_id) over (
            partition by workspace_id, conversation_id
            order by created_timestamp, message_id
        ) as next_message_id,
        lead(outcome) over (
            partition by workspace_id, conversation_id
            order by created_timestamp, message_id
        ) as next_outcome,
        lead(is_answered) over (
            partition by workspace_id, conversation_id
            order by created_timestamp, message_id
        ) as is_next_answered
    from {{ ref('genie_message_outcomes') }}
    where created_timestamp is not null

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
        cast({{ timestamp_from_milliseconds('created_timestamp') }} as timestamp) as asked_at,
        cast(normalised_question as {{ dbt.type_string() }}) as normalised_question,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(error_type as {{ dbt.type_string() }}) as error_type,
        cast(error_owner as {{ dbt.type_string() }}) as error_owner,
        cast(next_message_id as {{ dbt.type_string() }}) as next_message_id,
        cast(next_outcome as {{ dbt.type_string() }}) as next_outcome,
        cast(coalesce(is_next_answered, false) as boolean) as is_answered_next
    from ordered
    where outcome in ('failed', 'refused', 'empty', 'clarification')

)

select * from final
