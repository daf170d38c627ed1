{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='cost_key',
    indexes=postgres_indexes([['cost_key'], ['workspace_id', 'usage_date']], unique=true),
    liquid_clustered_by=databricks_clustering(['usage_date', 'workspace_id']),
) }}

{{ costs_by('space_id') }}
