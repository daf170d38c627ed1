{{ config(materialized='view') }}

with statements as (

    select * from {{ ref('genie_message_statements') }}

),

counts as (

    select
        workspace_id,
        space_id,
        cast(asked_at as date) as asked_date,
        count(distinct message_key) as message_count,
        count(*) as statement_count,
        {%- for status in [
            'found', 'no_statement_id', 'no_query_history', 'before_history', 'after_history',
            'missing'
        ] %}
            count(case when history_status = '{{ status }}' then 1 end) as {{ status }}_count,
        {%- endfor %}
        count(case when is_final and history_status = 'found' then 1 end) as found_final_count
    from statements
    where asked_at is not null
    group by workspace_id, space_id, cast(asked_at as date)

),

final as (

    select
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(space_id as {{ dbt.type_string() }}) as space_id,
        cast(asked_date as date) as asked_date,
        {%- for name in [
            'message', 'statement', 'found', 'found_final', 'no_statement_id', 'no_query_history',
            'before_history', 'after_history', 'missing'
        ] %}
            cast({{ name }}_count as bigint) as {{ name }}_count,
        {%- endfor %}
        cast(
            found_count / cast(statement_count as {{ type_double() }}) as {{ type_double() }}
        ) as found_share
    from counts

)

select * from final
