{{ config(materialized='table') }}

with changes as (

    select * from {{ ref('silver_space_item_pairs') }}

),

editors as (

    select * from {{ ref('silver_space_editors') }}

),

workspaces as (

    select * from {{ ref('bronze_system__workspaces') }}

),

final as (

    select
        cast({{ surrogate_key(['changes.workspace_id', 'changes.space_id', 'changes.batch_id',
            'changes.item_kind', 'changes.item_id']) }} as {{ dbt.type_string() }}) as change_key,
        cast(changes.workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(workspaces.workspace_name as {{ dbt.type_string() }}) as workspace_name,
        cast(changes.space_id as {{ dbt.type_string() }}) as space_id,
        cast(spaces.title as {{ dbt.type_string() }}) as space_name,
        cast(changes.fetched_at as timestamp) as changed_seen_at,
        cast(editors.unchanged_seen_at as timestamp) as unchanged_seen_at,
        cast(changes.item_kind as {{ dbt.type_string() }}) as item_kind,
        cast(changes.item_id as {{ dbt.type_string() }}) as item_id,
        cast(changes.item_name as {{ dbt.type_string() }}) as item_name,
        cast(changes.change_type as {{ dbt.type_string() }}) as change_type,
        cast(changes.text_before as {{ dbt.type_string() }}) as text_before,
        cast(changes.text_after as {{ dbt.type_string() }}) as text_after,
        cast(editors.changed_at as timestamp) as changed_at,
        cast(editors.changed_by as {{ dbt.type_string() }}) as changed_by,
        cast(editors.action_name as {{ dbt.type_string() }}) as action_name,
        cast(editors.edit_count as bigint) as edit_count,
        cast(editors.author_status as {{ dbt.type_string() }}) as author_status
    from changes
    inner join editors
        on
            changes.workspace_id = editors.workspace_id
            and changes.space_id = editors.space_id
            and changes.fetched_at = editors.fetched_at
            and changes.batch_id = editors.batch_id
    left join changes as parents
        on
            changes.workspace_id = parents.workspace_id
            and changes.space_id = parents.space_id
            and changes.batch_id = parents.batch_id
            and changes.parent_id = parents.item_id
            and parents.item_kind in ('table', 'metric_view')
            and parents.change_type <> 'changed'
    left join {{ ref('silver_spaces') }} as spaces
        on
            changes.workspace_id = spaces.workspace_id
            and changes.space_id = spaces.space_id
    left join workspaces
        on changes.workspace_id = workspaces.workspace_id
    -- columns come and go with their table
    where parents.item_id is null

)

select * from final
