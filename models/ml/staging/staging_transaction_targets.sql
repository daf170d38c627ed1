{{ config(materialized='view') }}

{%- set sources = var('label_sources') -%}

with labels as (

    select * from {{ ref('staging_ledger__transaction_labels') }}
    where not is_deleted

),

transactions as (

    select * from {{ ref('staging_ledger__transactions') }}
    where not is_deleted

),

dated as (

    select
        labels.*,
        case labels.label_source
            {% for source in sources %}
                when '{{ source }}' then {{ loop.index }}
            {% endfor %}
        end as source_rank,
        {{ month_end('transactions.ts_month', var('label_grace_days')) }} as due_at
    from labels
    inner join transactions
        on labels.transaction_id = transactions.transaction_id

),

judged as (

    select
        *,
        source_rank is not null as is_trusted,
        source_rank is not null and observed_at <= {{ current_utc() }} as is_known,
        observed_at >= due_at as is_late
    from dated

),

ranked as (

    select
        *,
        min(case when is_known and not is_late then source_rank end)
            over (partition by transaction_id) as rank_in_time,
        min(source_rank) over (partition by transaction_id) as rank_ever
    from judged

),

-- of the most trusted source alone; a label that differs there is a conflict
marked as (

    select
        *,
        is_known and not is_late and source_rank = rank_in_time as is_target,
        is_trusted and source_rank = rank_ever as is_final
    from ranked

),

final as (

    select
        transaction_id,
        count(*) as label_count,
        count(case when is_trusted then 1 end) as trusted_label_count,
        count(distinct case when is_target then label end) as target_count,
        max(case when is_target then label end) as target_label,
        max(case when is_target then label_source end) as label_source,
        min(case when is_target then observed_at end) as label_observed_at,
        min(case when is_known and is_late then observed_at end) as late_label_observed_at,
        count(distinct case when is_final then label end) as final_count,
        case
            when count(distinct case when is_final then label end) = 1
                then max(case when is_final then label end)
        end as final_label,
        min(case when is_final then observed_at end) as final_label_observed_at
    from marked
    group by transaction_id

)

select * from final
