{{ config(materialized='table') }}

with numbered as (

    select
        *,
        row_number() over (
            partition by workspace_id, space_id, normalised_question
            order by created_timestamp desc nulls last, message_id desc
        ) as age_rank
    from {{ ref('genie_message_outcomes') }}
    where normalised_question is not null

),

counts as (

    select
        workspace_id,
        space_id,
        normalised_question,
        max(workspace_name) as workspace_name,
        max(space_name) as space_name,
        count(*) as ask_count,
        count(distinct conversation_id) as conversation_count,
        count(distinct user_id) as user_count,
        count(case when is_answered then 1 end) as answered_count,
        count(case when not is_answered then 1 end) as unanswered_count,
        count(case when feedback_rating = 'NEGATIVE' then 1 end) as negative_count,
        min(created_timestamp) as first_timestamp,
        max(created_timestamp) as last_timestamp,
        max(case when age_rank = 1 then message_id end) as last_message_id,
        {{ surrogate_key(['workspace_id', 'space_id', 'normalised_question']) }} as question_key
    from numbered
    group by workspace_id, space_id, normalised_question

),

final as (

    select
        cast(question_key as {{ dbt.type_string() }}) as question_key,
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(normalised_question as {{ dbt.type_string() }}) as normalised_question,
        cast(row_number() over (
            partition by workspace_id, space_id
            order by ask_count desc, last_timestamp desc nulls last, question_key desc
        ) as bigint) as question_rank,
        cast(ask_count as bigint) as ask_count,
        cast(conversation_count as bigint) as conversation_count,
        cast(user_count as bigint) as user_count,
        cast(answered_count as bigint) as answered_count,
        cast(unanswered_count as bigint) as unanswered_count,
        cast(negative_count as bigint) as negative_count,
        cast(conversation_count > 1 as boolean) as is_repeated,
        cast(answered_count = 0 and unanswered_count > 0 as boolean) as is_never_answered,
        cast({{ timestamp_from_milliseconds('first_timestamp') }} as timestamp) as first_asked_at,
        cast({{ timestamp_from_milliseconds('last_timestamp') }} as timestamp) as last_asked_at,
        cast(last_message_id as {{ dbt.type_string() }}) as last_message_id
    from counts

)

select * from final
