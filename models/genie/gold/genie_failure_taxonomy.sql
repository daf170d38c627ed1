{{ config(materialized='view') }}

with outcomes as (

    select * from {{ ref('genie_message_outcomes') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by workspace_id, space_id, error_type
            order by created_timestamp desc nulls last, message_id desc
        ) as age_rank
    from outcomes
    where outcome = 'failed'

),

spaces as (

    select
        workspace_id,
        space_id,
        count(*) as message_count
    from outcomes
    group by workspace_id, space_id

),

failures as (

    select
        workspace_id,
        space_id,
        error_type,
        max(workspace_name) as workspace_name,
        max(space_name) as space_name,
        max(error_class) as error_class,
        max(error_owner) as error_owner,
        count(*) as failed_count,
        count(distinct user_id) as user_count,
        min(created_timestamp) as first_timestamp,
        max(created_timestamp) as last_timestamp,
        max(case when age_rank = 1 then message_id end) as last_message_id
    from numbered
    group by workspace_id, space_id, error_type

),

final as (

    select
        cast(failures.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(failures.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(failures.space_id as {{ dbt.type_string() }}) as space_id,
        cast(failures.space_name as {{ dbt.type_string() }}) as space_name,
        cast(coalesce(failures.error_type, 'unknown') as {{ dbt.type_string() }}) as error_type,
        cast(coalesce(failures.error_class, 'unknown') as {{ dbt.type_string() }}) as error_class,
        cast(failures.error_owner as {{ dbt.type_string() }}) as error_owner,
        cast(failures.failed_count as bigint) as failed_count,
        cast(failures.user_count as bigint) as user_count,
        cast(
            failures.failed_count / cast(spaces.message_count as {{ type_double() }})
            as {{ type_double() }}
        ) as message_share,
        cast({{ timestamp_from_milliseconds('failures.first_timestamp') }} as timestamp)
            as first_failed_at,
        cast({{ timestamp_from_milliseconds('failures.last_timestamp') }} as timestamp)
            as last_failed_at,
        cast(failures.last_message_id as {{ dbt.type_string() }}) as last_message_id
    from failures
    inner join spaces
        on
            failures.workspace_id = spaces.workspace_id
            and failures.space_id = spaces.space_id

)

select * from final
