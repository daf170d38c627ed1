{{ config(materialized='view') }}

with outcomes as (

    select * from {{ ref('genie_message_outcomes') }}

),

counts as (

    select
        workspace_id,
        space_id,
        created_date,
        max(workspace_name) as workspace_name,
        max(space_name) as space_name,
        count(*) as message_count,
        count(distinct user_id) as user_count,
        count(case when outcome = 'answered' then 1 end) as answered_count,
        count(case when outcome = 'answered_in_words' then 1 end) as answered_in_words_count,
        count(case when outcome = 'clarification' then 1 end) as clarification_count,
        count(case when outcome = 'refused' then 1 end) as refused_count,
        count(case when outcome = 'empty' then 1 end) as empty_count,
        count(case when outcome = 'failed' then 1 end) as failed_count,
        count(case when error_owner = 'user' then 1 end) as failed_by_user_count,
        count(case when error_owner = 'space' then 1 end) as failed_by_space_count,
        count(case when error_owner = 'platform' then 1 end) as failed_by_platform_count,
        count(case when outcome = 'cancelled' then 1 end) as cancelled_count,
        count(case when auto_regenerate_count + user_regenerate_count > 0 then 1 end)
            as regenerated_count,
        count(case when feedback_rating in ('POSITIVE', 'NEGATIVE') then 1 end) as rated_count,
        count(case when feedback_rating = 'NEGATIVE' then 1 end) as negative_count,
        sum(review_request_count) as review_request_count,
        count(case when is_answered then 1 end) as good_count,
        count(is_answered) as judged_count
    from outcomes
    where created_date is not null
    group by workspace_id, space_id, created_date

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(space_name as {{ dbt.type_string() }}) as space_name,
        cast(created_date as date) as created_date,
        {%- for name in [
            'message', 'user', 'answered', 'answered_in_words', 'clarification', 'refused', 'empty',
            'failed', 'failed_by_user', 'failed_by_space', 'failed_by_platform', 'cancelled',
            'regenerated', 'rated', 'negative', 'review_request'
        ] %}
            cast({{ name }}_count as bigint) as {{ name }}_count,
        {%- endfor %}
        cast(
            good_count / cast(nullif(judged_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as answered_share,
        cast(
            failed_count / cast(nullif(message_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as failed_share,
        cast(
            negative_count / cast(nullif(rated_count, 0) as {{ type_double() }})
            as {{ type_double() }}
        ) as negative_share
    from counts

)

select * from final
