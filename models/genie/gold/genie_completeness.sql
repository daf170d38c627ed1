{{ config(materialized='table') }}

with checks as (

    select * from {{ ref('silver_feed_checks') }}
    where
        space_id is not null
        and asked_at >= {{ add_seconds(current_utc(), -86400 * var('completeness_days') | int) }}

),

counted as (

    select
        workspace_id,
        space_id,
        cast(asked_at as date) as asked_date,
        check_name,
        count(case when result = 'found' then 1 end) as found_count,
        count(case when result = 'missing' then 1 end) as missing_count,
        count(case when result = 'deleted' then 1 end) as deleted_count,
        count(case when result = 'denied' then 1 end) as denied_count,
        count(case
            when result not in ('found', 'missing', 'deleted', 'denied') then 1
        end) as unjudged_count,
        min(case when result not in ('found', 'missing') then result end) as reason
    from checks
    group by workspace_id, space_id, cast(asked_at as date), check_name

),

shared as (

    select
        *,
        missing_count
        / cast(nullif(found_count + missing_count, 0) as {{ type_double() }}) as missing_share
    from counted

),

final as (

    select
        cast(shared.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(shared.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(shared.asked_date as date) as asked_date,
        cast(shared.check_name as {{ dbt.type_string() }}) as check_name,
        cast(shared.found_count as bigint) as found_count,
        cast(shared.missing_count as bigint) as missing_count,
        cast(shared.deleted_count as bigint) as deleted_count,
        cast(shared.denied_count as bigint) as denied_count,
        cast(shared.unjudged_count as bigint) as unjudged_count,
        cast(shared.missing_share as {{ type_double() }}) as missing_share,
        cast(case
            when shared.missing_share is null then 'not judged'
            when shared.missing_count = 0 then 'complete'
            when
                shared.missing_count <= {{ var('completeness_tolerated_count') }}
                or shared.missing_share <= {{ var('completeness_warn_share') }}
                then 'tolerated'
            when shared.missing_share <= {{ var('completeness_error_share') }} then 'incomplete'
            else 'broken'
        end as {{ dbt.type_string() }}) as verdict,
        cast(shared.reason as {{ dbt.type_string() }}) as reason
    from shared
    left join {{ ref('silver_spaces') }} as spaces
        on
            shared.workspace_id = spaces.workspace_id
            and shared.space_id = spaces.space_id
    left join {{ ref('bronze_system__workspaces') }} as workspaces
        on shared.workspace_id = workspaces.workspace_id

)

select * from final
