{{ config(materialized='view') }}

with documents as (

    select
        attachment_key,
        {{ json_document('names_json') }} as names_document
    from {{ ref('silver_sql_names') }}
    where names_json is not null
    {{ parse_fence() }}

),

named as (

    select distinct
        documents.attachment_key,
        {{ json_text('item.elem', ['name']) }} as table_name
    from documents
    {{ json_array_elements('documents.names_document', [], 'item') }}

),

-- one that is no statement any more, of an earlier fetch of the message, is left out
final as (

    select
        statements.workspace_id,
        statements.space_id,
        statements.message_key,
        statements.attachment_key,
        statements.created_timestamp,
        named.table_name
    from {{ ref('silver_message_statements') }} as statements
    inner join named
        on statements.attachment_key = named.attachment_key

)

select * from final
