{{ config(materialized='view') }}

with feedback as (

    select * from {{ ref('silver_feedback_events') }}

),

messages as (

    select * from {{ ref('genie_message_outcomes') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by workspace_id, message_id
            order by happened_at, feedback_key
        ) as feedback_number,
        row_number() over (
            partition by
                workspace_id,
                message_id,
                case when feedback_kind in ('rating', 'withdrawal') then 1 else 0 end
            order by happened_at desc, feedback_key desc
        ) as age_rank
    from feedback

),

final as (

    select
        cast(numbered.feedback_key as {{ dbt.type_string() }}) as feedback_key,
        cast(messages.message_key as {{ dbt.type_string() }}) as message_key,
        cast(numbered.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(messages.space_id as {{ dbt.type_string() }}) as space_id,
        cast(messages.space_name as {{ dbt.type_string() }}) as space_name,
        cast(messages.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(numbered.message_id as {{ dbt.type_string() }}) as message_id,
        cast(numbered.feedback_number as bigint) as feedback_number,
        cast(numbered.feedback_kind as {{ dbt.type_string() }}) as feedback_kind,
        cast(nullif(numbered.feedback_rating, 'NONE') as {{ dbt.type_string() }})
            as feedback_rating,
        cast(
            numbered.feedback_kind = 'rating' and numbered.age_rank = 1 as boolean
        ) as is_counted,
        cast(numbered.content as {{ dbt.type_string() }}) as content,
        cast(numbered.user_email as {{ dbt.type_string() }}) as user_email,
        cast(numbered.user_id as {{ dbt.type_string() }}) as user_id,
        cast(numbered.happened_at as timestamp) as happened_at,
        cast(numbered.is_in_audit as boolean) as is_in_audit,
        cast(numbered.is_in_api as boolean) as is_in_api
    from numbered
    left join messages
        on
            numbered.workspace_id = messages.workspace_id
            and numbered.message_id = messages.message_id

)

select * from final
