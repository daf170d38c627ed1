{{ config(materialized='table') }}

with spaces as (

    select * from {{ ref('genie_space_details') }}

),

usage as (

    select * from {{ ref('genie_space_metrics') }}

),

runs as (

    select
        *,
        row_number() over (
            partition by workspace_id, space_id
            order by
                case when accuracy_status = 'measured' then 1 else 0 end desc,
                created_at desc,
                eval_run_id desc
        ) as age_rank
    from {{ ref('genie_benchmark_accuracy') }}

),

measured as (

    select
        workspace_id,
        space_id,
        count(*) as run_count,
        count(case when accuracy_status = 'measured' then 1 end) as measured_run_count,
        max(created_at) as last_run_at,
        max(case when age_rank = 1 then accuracy end) as last_accuracy
    from runs
    group by workspace_id, space_id

),

final as (

    select
        cast(spaces.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(spaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(spaces.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(spaces.benchmark_count as bigint) as benchmark_count,
        cast(coalesce(measured.run_count, 0) as bigint) as run_count,
        cast(coalesce(measured.measured_run_count, 0) as bigint) as measured_run_count,
        cast(measured.last_run_at as timestamp) as last_run_at,
        cast(measured.last_accuracy as {{ type_double() }}) as last_accuracy,
        cast(coalesce(usage.message_count, 0) as bigint) as message_count,
        cast(case
            when measured.measured_run_count > 0 then 'measured'
            when spaces.benchmark_count is null then 'configuration_not_readable'
            when spaces.benchmark_count = 0 then 'no_benchmark'
            when measured.run_count > 0 then 'never_finished'
            else 'never_run'
        end as {{ dbt.type_string() }}) as benchmark_status
    from spaces
    left join measured
        on
            spaces.workspace_id = measured.workspace_id
            and spaces.space_id = measured.space_id
    left join usage
        on
            spaces.workspace_id = usage.workspace_id
            and spaces.space_id = usage.space_id

)

select * from final
