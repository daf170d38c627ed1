{{ config(materialized='table') }}

{#- dbt-postgres runs no Python models, and SQL clusters no texts: what reads it finds no row -#}
with final as (

    select
        cast(question_key as {{ dbt.type_string() }}) as question_key,
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(normalised_question as {{ dbt.type_string() }}) as normalised_question,
        cast(ask_count as bigint) as ask_count,
        cast(answered_count as bigint) as answered_count,
        cast(null as bigint) as topic_number,
        cast(null as {{ dbt.type_string() }}) as topic_label,
        cast(null as bigint) as topic_question_count,
        cast(null as bigint) as topic_ask_count,
        cast(null as bigint) as topic_answered_count,
        cast(null as {{ type_double() }}) as similarity,
        cast(null as boolean) as is_typical
    from {{ ref('genie_question_counts') }}
    where 1 = 0

)

select * from final
