{{ config(materialized='table') }}

with items as (

    select
        *,
        {{ json_document(qualified_names('item_id')) }} as name_document,
        min(fetched_at) over (
            partition by workspace_id, space_id, item_kind, item_id
        ) as first_seen_at
    from {{ ref('silver_space_items') }}
    where item_kind in ('table', 'metric_view')

),

versions as (

    select
        *,
        row_number() over (
            partition by workspace_id, space_id order by configuration_number desc
        ) as age_rank
    from {{ ref('silver_space_versions') }}
    where configuration_number is not null

),

configured as (

    select
        items.workspace_id,
        items.space_id,
        items.item_kind,
        items.item_id as table_name,
        items.first_seen_at,
        {{ json_text('items.name_document', [0, 'name']) }} as matched_name
    from items
    inner join versions
        on
            items.workspace_id = versions.workspace_id
            and items.space_id = versions.space_id
            and items.fetched_at = versions.fetched_at
            and items.batch_id = versions.batch_id
    where versions.age_rank = 1

),

spoken as (

    select
        workspace_id,
        space_id,
        count(*) as statement_count
    from {{ ref('silver_message_statements') }}
    where query_sql <> '[purged]'
    group by workspace_id, space_id

),

queried as (

    select
        workspace_id,
        space_id,
        table_name,
        count(*) as statement_count,
        count(distinct message_key) as question_count,
        max(created_timestamp) as last_created_timestamp
    from {{ ref('silver_table_mentions') }}
    group by workspace_id, space_id, table_name

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

final as (

    select
        cast(configured.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(configured.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(configured.item_kind as {{ dbt.type_string() }}) as table_kind,
        cast(configured.table_name as {{ dbt.type_string() }}) as table_name,
        cast(configured.first_seen_at as timestamp) as first_seen_at,
        cast(coalesce(queried.statement_count, 0) as bigint) as statement_count,
        cast(coalesce(queried.question_count, 0) as bigint) as question_count,
        cast({{ timestamp_from_milliseconds('queried.last_created_timestamp') }} as timestamp)
            as last_queried_at,
        cast(case
            when queried.statement_count > 0 then 'queried'
            when spoken.statement_count is null then 'no SQL seen'
            when configured.matched_name is null then 'name not complete'
            else 'never queried'
        end as {{ dbt.type_string() }}) as usage_status
    from configured
    left join queried
        on
            configured.workspace_id = queried.workspace_id
            and configured.space_id = queried.space_id
            and configured.matched_name = queried.table_name
    left join spoken
        on
            configured.workspace_id = spoken.workspace_id
            and configured.space_id = spoken.space_id
    left join {{ ref('silver_spaces') }} as spaces
        on
            configured.workspace_id = spaces.workspace_id
            and configured.space_id = spaces.space_id
    left join workspaces
        on configured.workspace_id = workspaces.workspace_id

)

select * from final
