{{ config(materialized='table') }}

with versions as (

    select * from {{ ref('silver_space_versions') }}

),

editors as (

    select * from {{ ref('silver_space_editors') }}

),

-- fields are compared with the version before, the configuration with the last readable one
items as (

    select
        items.*,
        items.item_kind in ('title', 'description', 'warehouse_id', 'parent_path') as is_field,
        case
            when items.item_kind in ('title', 'description', 'warehouse_id', 'parent_path')
                then versions.version_number
            else versions.configuration_number
        end as item_number
    from {{ ref('silver_space_items') }} as items
    inner join versions
        on
            items.workspace_id = versions.workspace_id
            and items.space_id = versions.space_id
            and items.fetched_at = versions.fetched_at
            and items.batch_id = versions.batch_id

),

paired as (

    select
        earlier.item_text as text_before,
        later.item_text as text_after,
        coalesce(later.workspace_id, earlier.workspace_id) as workspace_id,
        coalesce(later.space_id, earlier.space_id) as space_id,
        coalesce(later.is_field, earlier.is_field) as is_field,
        coalesce(later.item_number, earlier.item_number + 1) as item_number,
        coalesce(later.item_kind, earlier.item_kind) as item_kind,
        coalesce(later.item_id, earlier.item_id) as item_id,
        coalesce(later.parent_id, earlier.parent_id) as parent_id,
        coalesce(later.item_name, earlier.item_name) as item_name,
        case
            when earlier.item_id is null then 'added'
            when later.item_id is null then 'removed'
            when (later.item_text is distinct from earlier.item_text) then 'changed'
        end as change_type
    from items as later
    full outer join items as earlier
        on
            later.workspace_id = earlier.workspace_id
            and later.space_id = earlier.space_id
            and later.item_kind = earlier.item_kind
            and later.item_id = earlier.item_id
            and later.item_number = earlier.item_number + 1

),

changes as (

    select
        paired.*,
        versions.fetched_at,
        versions.batch_id
    from paired
    inner join versions
        on
            paired.workspace_id = versions.workspace_id
            and paired.space_id = versions.space_id
            and paired.item_number = case
                when paired.is_field then versions.version_number
                else versions.configuration_number
            end
    where paired.item_number > 1 and paired.change_type is not null

),

final as (

    select
        cast({{ surrogate_key(['changes.workspace_id', 'changes.space_id', 'changes.batch_id',
            'changes.item_kind', 'changes.item_id']) }} as {{ dbt.type_string() }}) as change_key,
        cast(changes.workspace_id as {{ dbt.type_string() }}) as workspace_id,
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
    -- columns come and go with their table
    where parents.item_id is null

)

select * from final
