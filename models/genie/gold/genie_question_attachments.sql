{{ config(materialized='view') }}

with attachments as (

    select * from {{ ref('silver_message_attachments') }}

),

questions as (

    select * from {{ ref('genie_questions') }}

),

final as (

    select
        cast(attachments.attachment_key as {{ dbt.type_string() }}) as attachment_key,
        cast(questions.workspace as {{ dbt.type_string() }}) as workspace,
        cast(questions.space as {{ dbt.type_string() }}) as space,
        cast(questions.asked_at as timestamp) as asked_at,
        cast(questions.message_id as {{ dbt.type_string() }}) as message_id,
        cast(questions.question as {{ dbt.type_string() }}) as question,
        cast(attachments.attachment_position + 1 as bigint) as attachment_number,
        cast(attachments.attachment_kind as {{ dbt.type_string() }}) as attachment_kind,
        cast(attachments.query_title as {{ dbt.type_string() }}) as title,
        cast(
            coalesce(attachments.text_content, attachments.query_description)
            as {{ dbt.type_string() }}
        ) as content,
        cast(attachments.query_sql as {{ dbt.type_string() }}) as query_sql,
        cast(attachments.result_row_count as bigint) as result_row_count
    from attachments
    inner join questions
        on attachments.message_key = questions.message_key

)

select * from final
