{#-
    The distribution of a column is about that of the month before (of those that have rows): population
    stability index, the sum over bins of (share - share before) * ln(share / share before), at most a
    threshold, by default the var ml_drift_threshold. Bins are stated as the bounds between them (a bound
    belongs to the bin above it); without bounds, each value is a bin. Null is a bin. An empty bin counts
    as a share of 0.0001. Months with fewer rows than min_rows, by default the var ml_minimum_rows, are
    not judged, nor compared with.
-#}
{% test stable_between_months(model, column_name, month_column, bounds=none, threshold=none, min_rows=none) %}

{{ config(store_failures=true) }}

{%- set limit = var('ml_drift_threshold') if threshold is none else threshold -%}
{%- set rows_needed = var('ml_minimum_rows') if min_rows is none else min_rows %}

with binned as (

    select
        {{ month_column }} as month_start,
        {{ value_bin(column_name, bounds) }} as value_bin
    from {{ model }}

),

counted as (

    select
        month_start,
        value_bin,
        count(*) as row_count
    from binned
    group by month_start, value_bin

),

months as (

    select
        month_start,
        sum(row_count) as month_rows,
        lag(month_start) over (order by month_start) as month_before
    from counted
    group by month_start
    having sum(row_count) >= {{ rows_needed }}

),

bins as (

    select distinct value_bin from counted

),

shares as (

    select
        months.month_start,
        months.month_before,
        months.month_rows,
        bins.value_bin,
        greatest(
            cast(coalesce(counted.row_count, 0) as {{ type_double() }}) / months.month_rows, 0.0001
        ) as bin_share
    from months
    cross join bins
    left join counted
        on
            months.month_start = counted.month_start
            and bins.value_bin = counted.value_bin

),

indexes as (

    select
        shares.month_start,
        shares.month_before,
        max(shares.month_rows) as month_rows,
        sum(
            (shares.bin_share - before.bin_share) * ln(shares.bin_share / before.bin_share)
        ) as stability_index
    from shares
    inner join shares as before
        on
            shares.month_before = before.month_start
            and shares.value_bin = before.value_bin
    group by shares.month_start, shares.month_before

)

select
    *,
    '{{ column_name }} moved from ' || cast(month_before as {{ dbt.type_string() }}) || ' to '
    || cast(month_start as {{ dbt.type_string() }}) || ': population stability index '
    || cast(cast(stability_index as decimal(18, 4)) as {{ dbt.type_string() }})
    || ', at most {{ limit }}' as reason
from indexes
where stability_index > {{ limit }}

{% endtest %}
