{{ config(materialized='view') }}

with questions as (

    select * from {{ ref('genie_questions') }}

),

ranges as (

    select * from {{ ref('genie_time_ranges') }}

),

final as (

    select
        cast(ranges.time_range as {{ dbt.type_string() }}) as time_range,
        cast(questions.message_key as {{ dbt.type_string() }}) as message_key,
        cast(questions.workspace as {{ dbt.type_string() }}) as workspace,
        cast(questions.space as {{ dbt.type_string() }}) as space,
        cast(questions.conversation_id as {{ dbt.type_string() }}) as conversation_id,
        cast(questions.asked_date as date) as asked_date,
        cast(questions.asked_by as {{ dbt.type_string() }}) as asked_by,
        cast(questions.status as {{ dbt.type_string() }}) as status,
        cast(questions.outcome as {{ dbt.type_string() }}) as outcome,
        cast(questions.error_type as {{ dbt.type_string() }}) as error_type,
        cast(questions.error_class as {{ dbt.type_string() }}) as error_class,
        cast(questions.latency_seconds as {{ type_double() }}) as latency_seconds
    from questions
    inner join ranges
        on ranges.first_time is null or questions.asked_at >= ranges.first_time

)

select * from final
