{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='usage_key',
    full_refresh=keep_history(),
    indexes=postgres_indexes([['usage_key'], ['loaded_at']], unique=true),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{%- set columns = {
    'workspace_id': 'string', 'record_id': 'string', 'record_type': 'string', 'sku_name': 'string',
    'cloud': 'string', 'usage_start_time': 'timestamp', 'usage_end_time': 'timestamp',
    'usage_date': 'date', 'usage_unit': 'string', 'usage_quantity': 'decimal(38, 18)',
    'ingestion_date': 'date', 'billing_origin_product': 'string',
    'usage_metadata': 'struct<warehouse_id: string>',
    'identity_metadata': 'struct<run_as: string>',
} %}
{%- set usage = system_relation(source('system_billing', 'usage'), columns) %}

with landed as (

    select
        *,
        {{ map_document('usage_metadata') }} as metadata_document,
        {{ map_document('identity_metadata') }} as identity_document
    from (
        select
            {{ system_columns(usage, columns) }},
            {{ landing_columns() }}
        from {{ usage }}
    ) as received
    where
        record_id is not null
        and {{ is_observed_workspace('workspace_id') }}
        and {{ is_new_system_row('usage_start_time', 'usage_date') }}
    {{ parse_fence() }}

),

flattened as (

    select
        *,
        {{ struct_value('metadata_document', 'warehouse_id') }} as warehouse_id,
        {{ struct_value('metadata_document', 'genie.surface') }} as genie_surface,
        {{ struct_value('metadata_document', 'genie.channel') }} as genie_channel,
        {{ struct_value('metadata_document', 'genie.agent_id') }} as space_id,
        {{ struct_value('identity_document', 'run_as') }} as user_email
    from landed

),

-- an account may lack the newer columns: what is billed shows in more than one of them
streamed as (

    select
        *,
        case
            when
                billing_origin_product in ('GENIE', 'AI/BI_GENIE')
                or genie_surface is not null
                or sku_name in ('{{ var("free_usage_skus").keys() | join("', '") }}')
                then 'llm'
            when warehouse_id is not null and coalesce(billing_origin_product, 'SQL') = 'SQL'
                then 'warehouse'
        end as cost_stream
    from flattened

),

numbered as (

    select
        *,
        row_number() over (
            partition by record_id, record_type order by fetched_at desc, batch_id desc
        ) as age_rank
    from streamed
    where cost_stream is not null

),

final as (

    select
        {{ surrogate_key(['record_id', 'record_type']) }} as usage_key,
        workspace_id,
        record_id,
        record_type,
        cost_stream,
        warehouse_id,
        space_id,
        genie_surface,
        genie_channel,
        user_email,
        sku_name,
        cloud,
        usage_unit,
        cast(usage_quantity as decimal(38, 18)) as usage_quantity,
        usage_start_time,
        usage_end_time,
        coalesce(usage_date, cast(usage_start_time as date)) as usage_date,
        ingestion_date,
        fetched_at,
        batch_id,
        {{ current_utc() }} as loaded_at
    from numbered
    where age_rank = 1

)

select * from final
{% if is_incremental() %}
    -- what is read again has not changed: records are corrected by records
    where not exists (
        select 1
        from {{ this }} as kept
        where kept.usage_key = final.usage_key
    )
{% endif %}
