{{ config(materialized='table') }}

{#- python/ml_feature_profile.py, in SQL: names and bounds are the same -#}
{%- set amounts = [1, 10, 30, 100, 300, 1000, 3000] -%}
{%- set features = {
    'is_credit': [0.5],
    'amount_abs': amounts,
    'day_of_week': [2, 3, 4, 5, 6, 7],
    'day_of_month': [8, 15, 22, 29],
    'merchant_count_90d': [1, 3, 10, 30],
    'merchant_mean_amount_90d': amounts,
    'days_since_merchant': [1, 7, 30, 90],
    'account_count_30d': [1, 10, 30, 100],
    'account_mean_amount_30d': amounts,
} %}

with training as (

    select
        *,
        case when is_credit then 1 else 0 end as credit_number
    from {{ ref('fct_training_view') }}

),

unpivoted as (

    {% for feature, bounds in features.items() %}
        {%- set value = 'credit_number' if feature == 'is_credit' else feature %}
        select
            ts_month,
            '{{ feature }}' as feature_name,
            cast({{ value }} as {{ type_double() }}) as feature_value,
            {{ value_bin(value, bounds) }} as value_bin
        from training
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

summaries as (

    select
        ts_month,
        feature_name,
        count(*) as row_count,
        count(*) - count(feature_value) as null_count,
        avg(feature_value) as mean_value,
        stddev_samp(feature_value) as standard_deviation,
        min(feature_value) as lowest_value,
        percentile_cont(0.5) within group (order by feature_value) as median_value,
        max(feature_value) as highest_value,
        lag(ts_month) over (partition by feature_name order by ts_month) as month_before
    from unpivoted
    group by ts_month, feature_name

),

counted as (

    select
        ts_month,
        feature_name,
        value_bin,
        count(*) as bin_count
    from unpivoted
    group by ts_month, feature_name, value_bin

),

bins as (

    select distinct
        feature_name,
        value_bin
    from counted

),

shares as (

    select
        summaries.ts_month,
        summaries.feature_name,
        summaries.month_before,
        bins.value_bin,
        greatest(
            cast(coalesce(counted.bin_count, 0) as {{ type_double() }}) / summaries.row_count,
            0.0001
        ) as bin_share
    from summaries
    inner join bins
        on summaries.feature_name = bins.feature_name
    left join counted
        on
            summaries.ts_month = counted.ts_month
            and summaries.feature_name = counted.feature_name
            and bins.value_bin = counted.value_bin

),

indexes as (

    select
        shares.ts_month,
        shares.feature_name,
        sum((shares.bin_share - before.bin_share) * ln(shares.bin_share / before.bin_share))
            as stability_index
    from shares
    inner join shares as before
        on
            shares.month_before = before.ts_month
            and shares.feature_name = before.feature_name
            and shares.value_bin = before.value_bin
    group by shares.ts_month, shares.feature_name

),

final as (

    select
        cast(summaries.ts_month as date) as ts_month,
        cast(summaries.feature_name as {{ dbt.type_string() }}) as feature_name,
        cast(summaries.row_count as bigint) as row_count,
        cast(summaries.null_count as bigint) as null_count,
        cast(summaries.mean_value as {{ type_double() }}) as mean_value,
        cast(summaries.standard_deviation as {{ type_double() }}) as standard_deviation,
        cast(summaries.lowest_value as {{ type_double() }}) as lowest_value,
        cast(summaries.median_value as {{ type_double() }}) as median_value,
        cast(summaries.highest_value as {{ type_double() }}) as highest_value,
        cast(summaries.month_before as date) as month_before,
        cast(indexes.stability_index as {{ type_double() }}) as stability_index
    from summaries
    left join indexes
        on
            summaries.ts_month = indexes.ts_month
            and summaries.feature_name = indexes.feature_name

)

select * from final
