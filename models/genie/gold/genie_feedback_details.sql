{{ config(materialized='view') }}

with feedback as (

    select * from {{ ref('genie_feedback_history') }}

),

questions as (

    select * from {{ ref('genie_questions') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

final as (

    select
        cast(feedback.feedback_key as {{ dbt.type_string() }}) as feedback_key,
        cast(coalesce(
            questions.workspace, workspaces.workspace_name, feedback.workspace_id
        ) as {{ dbt.type_string() }}) as workspace,
        cast(questions.space as {{ dbt.type_string() }}) as space,
        cast(feedback.happened_at as timestamp) as happened_at,
        cast(feedback.feedback_kind as {{ dbt.type_string() }}) as feedback_kind,
        cast(lower(feedback.feedback_rating) as {{ dbt.type_string() }}) as rating,
        cast(feedback.is_counted as boolean) as is_counted,
        cast(feedback.content as {{ dbt.type_string() }}) as content,
        cast(coalesce(feedback.user_email, feedback.user_id) as {{ dbt.type_string() }})
            as given_by,
        cast(questions.asked_at as timestamp) as asked_at,
        cast(questions.question as {{ dbt.type_string() }}) as question,
        cast(questions.outcome as {{ dbt.type_string() }}) as outcome,
        cast(questions.query_sql as {{ dbt.type_string() }}) as query_sql
    from feedback
    left join questions
        on feedback.message_key = questions.message_key
    left join workspaces
        on feedback.workspace_id = workspaces.workspace_id

)

select * from final
