{{ config(materialized='view') }}

{#- resources that say in their payload when they were made, with the column of their key -#}
{%- set dated_resources = {
    'messages': 'message_id',
    'conversations': 'conversation_id',
    'message_comments': 'comment_id',
} %}

with dated_landed as (

    {% for table, key in dated_resources.items() %}
        select
            '{{ table }}' as landing_table,
            workspace_id,
            {{ key }} as resource_key,
            payload,
            fetched_at
        from {{ ref('bronze_genie__' ~ table) }}
        where not ({{ is_purged() }})
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

dated_parsed as (

    select
        *,
        {{ json_document('payload') }} as body
    from dated_landed
    {{ parse_fence() }}

),

eval_results as (

    select * from {{ ref('bronze_genie__eval_results') }}
    where not ({{ is_purged() }})

),

eval_runs as (

    select * from {{ ref('silver_eval_runs') }}

),

-- results of a benchmark have no time of their own
resources as (

    select
        landing_table,
        workspace_id,
        resource_key,
        fetched_at,
        {{ json_bigint('body', ['created_timestamp']) }} as created_epoch
    from dated_parsed
    union all
    select
        'eval_results' as landing_table,
        eval_results.workspace_id,
        eval_results.result_id as resource_key,
        eval_results.fetched_at,
        eval_runs.created_timestamp as created_epoch
    from eval_results
    left join eval_runs
        on
            eval_results.workspace_id = eval_runs.workspace_id
            and eval_results.eval_run_id = eval_runs.eval_run_id

),

-- a time that cannot be is none: the content was there when it was fetched
resource_times as (

    select
        landing_table,
        workspace_id,
        resource_key,
        fetched_at,
        case
            when created_epoch between 1 and 253402300799999
                then {{ epoch_milliseconds('created_epoch') }}
        end as created_timestamp
    from resources

),

landed_contents as (

    select
        landing_table,
        workspace_id,
        resource_key,
        coalesce({{ timestamp_from_milliseconds('created_timestamp') }}, fetched_at) as content_at
    from resource_times
    union all
    select
        landing_table,
        workspace_id,
        resource_key,
        content_at
    from {{ ref('bronze_system__landed_texts') }}
    where not ({{ is_purged() }})
    union all
    select
        'fetch_attempts' as landing_table,
        workspace_id,
        batch_id as resource_key,
        fetched_at as content_at
    from {{ ref('bronze_genie__fetch_attempts') }}
    where error_message is not null and not ({{ is_purged() }})

),

final as (

    select
        cast(landing_table as {{ dbt.type_string() }}) as landing_table,
        cast(workspace_id as {{ dbt.type_string() }}) as workspace_id,
        cast(resource_key as {{ dbt.type_string() }}) as resource_key,
        cast(max(content_at) as timestamp) as content_at,
        cast(count(*) as bigint) as landed_count
    from landed_contents
    group by landing_table, workspace_id, resource_key
    having max(content_at) < {{ content_expiry() }}

)

select * from final
