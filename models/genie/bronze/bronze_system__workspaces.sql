{{ config(materialized='view') }}

with landed as (

    select
        workspace_id,
        workspace_name,
        workspace_url,
        status,
        {{ landing_columns() }}
    from {{ source('system_access', 'workspaces') }}
    where {{ is_observed_workspace('workspace_id') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by workspace_id
            order by fetched_at desc, batch_id desc
        ) as age_rank
    from landed

),

final as (

    select
        workspace_id,
        workspace_name,
        status,
        -- some accounts give a bare host name, some a URL; a trailing slash breaks paths
        case
            when workspace_url like 'http%' then trim(trailing '/' from workspace_url)
            when workspace_url <> '' then 'https://' || trim(trailing '/' from workspace_url)
        end as workspace_url
    from numbered
    where age_rank = 1

)

select * from final
