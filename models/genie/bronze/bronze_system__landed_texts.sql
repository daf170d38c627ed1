{{ config(materialized='view') }}

with audit as (

    select * from {{ source('genie_raw', 'audit') }}
    where request_params is not null or response is not null

),

query_history as (

    select * from {{ source('genie_raw', 'query_history') }}
    where
        statement_text is not null
        or error_message is not null
        or query_parameters is not null

),

final as (

    select
        'audit' as landing_table,
        coalesce(workspace_id, '') as workspace_id,
        event_id as resource_key,
        event_time as content_at,
        batch_id
    from audit
    union all
    select
        'query_history' as landing_table,
        coalesce(workspace_id, '') as workspace_id,
        statement_id as resource_key,
        coalesce(start_time, fetched_at) as content_at,
        batch_id
    from query_history

)

select * from final
