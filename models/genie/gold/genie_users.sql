{{ config(materialized='table') }}

with questions as (

    select * from {{ ref('genie_questions') }}
    where asked_by is not null

),

counted as (

    select
        workspace,
        asked_by,
        count(*) as question_count,
        count(distinct conversation_id) as conversation_count,
        count(distinct space) as space_count,
        count(distinct asked_date) as active_days,
        avg(answered_ratio) as answered_ratio,
        min(asked_at) as first_asked_at,
        max(asked_at) as last_asked_at
    from questions
    group by workspace, asked_by

),

final as (

    select
        cast(workspace as {{ dbt.type_string() }}) as workspace,
        cast(asked_by as {{ dbt.type_string() }}) as asked_by,
        cast(case
            when active_days >= 5 then 'regular: 5 days or more'
            when active_days >= 2 then 'occasional: 2 to 4 days'
            else 'once: 1 day'
        end as {{ dbt.type_string() }}) as habit,
        cast(question_count as bigint) as question_count,
        cast(conversation_count as bigint) as conversation_count,
        cast(space_count as bigint) as space_count,
        cast(active_days as bigint) as active_days,
        cast(answered_ratio as {{ type_double() }}) as answered_ratio,
        cast(first_asked_at as timestamp) as first_asked_at,
        cast(last_asked_at as timestamp) as last_asked_at
    from counted

)

select * from final
