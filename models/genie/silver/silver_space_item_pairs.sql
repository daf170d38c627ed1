{{ config(materialized='view') }}

{%- set fields = "('title', 'description', 'warehouse_id', 'parent_path')" %}

-- fields are compared with the version before, the configuration with the last readable one
with items as (

    select
        items.*,
        case
            when items.item_kind in {{ fields }} then versions.version_number
            else versions.configuration_number
        end as item_number
    from {{ ref('silver_space_items') }} as items
    inner join {{ ref('silver_space_versions') }} as versions
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

final as (

    select
        paired.workspace_id,
        paired.space_id,
        versions.fetched_at,
        versions.batch_id,
        paired.item_kind,
        paired.item_id,
        paired.parent_id,
        paired.item_name,
        paired.change_type,
        paired.text_before,
        paired.text_after
    from paired
    inner join {{ ref('silver_space_versions') }} as versions
        on
            paired.workspace_id = versions.workspace_id
            and paired.space_id = versions.space_id
            and paired.item_number = case
                when paired.item_kind in {{ fields }} then versions.version_number
                else versions.configuration_number
            end
    where paired.item_number > 1 and paired.change_type is not null

)

select * from final
