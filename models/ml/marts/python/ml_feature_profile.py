"""What the features of each month look like, and how far they moved from the month before.

`twins/ml_feature_profile.sql` says the same in SQL, for Postgres. All is in one file, because
Databricks runs it alone; there each month is summarised where its rows are.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

AMOUNTS = (1, 10, 30, 100, 300, 1000, 3000)
# bounds between the bins of the stability index, each in the bin above it; null is a bin too
BOUNDS: dict[str, tuple[float, ...]] = {
    "is_credit": (0.5,),
    "amount_abs": AMOUNTS,
    "day_of_week": (2, 3, 4, 5, 6, 7),
    "day_of_month": (8, 15, 22, 29),
    "merchant_count_90d": (1, 3, 10, 30),
    "merchant_mean_amount_90d": AMOUNTS,
    "days_since_merchant": (1, 7, 30, 90),
    "account_count_30d": (1, 10, 30, 100),
    "account_mean_amount_30d": AMOUNTS,
}
SMALLEST_SHARE = 0.0001  # of an empty bin

SUMMARY = pa.schema(
    [
        ("ts_month", pa.date32()),
        ("feature_name", pa.string()),
        ("row_count", pa.int64()),
        ("null_count", pa.int64()),
        ("mean_value", pa.float64()),
        ("standard_deviation", pa.float64()),
        ("lowest_value", pa.float64()),
        ("median_value", pa.float64()),
        ("highest_value", pa.float64()),
    ]
)
COUNTED = SUMMARY.append(pa.field("bin_counts", pa.list_(pa.int64())))
PROFILE = SUMMARY.append(pa.field("month_before", pa.date32())).append(
    pa.field("stability_index", pa.float64())
)
SPARK_TYPES = {
    pa.date32(): "date",
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.list_(pa.int64()): "array<bigint>",
}

Row = dict[str, Any]


def model(dbt: Any, session: Any) -> Any:
    """Return a row per month and feature: a data frame of Spark, or on DuckDB a table of Arrow."""
    dbt.config(  # on Databricks: a serverless job of its own, its notebook for its owner alone
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="ml_feature_profile",
        environment_dependencies=["pyarrow==26.0.1"],
    )
    rows = dbt.ref("fct_training_view").select("ts_month", *BOUNDS)
    if hasattr(rows, "groupBy"):
        months = rows.groupBy("ts_month").applyInArrow(summarise, spark_schema(COUNTED))
        profile = with_drift(row.asDict() for row in months.collect())
        values = [tuple(row[name] for name in PROFILE.names) for row in profile]
        return session.createDataFrame(values, spark_schema(PROFILE))
    found = rows.select("ts_month").distinct().fetchall()
    summaries = [
        summarise(rows.filter(f"ts_month = date '{month}'").to_arrow_table())
        for (month,) in sorted(found)
    ]
    profile = with_drift(row for summary in summaries for row in summary.to_pylist())
    return pa.Table.from_pylist(list(profile), schema=PROFILE)


def spark_schema(schema: pa.Schema) -> str:
    """Return the schema as Spark writes one."""
    return ", ".join(f"{field.name} {SPARK_TYPES[field.type]}" for field in schema)


def summarise(month: pa.Table) -> pa.Table:
    """Return a row per feature of one month's rows."""
    rows = [summary(month, name, bounds) for name, bounds in BOUNDS.items()]
    return pa.Table.from_pylist(rows, schema=COUNTED)


def summary(month: pa.Table, name: str, bounds: tuple[float, ...]) -> Row:
    """Return figures and bin counts of a feature: the bin of null first, then upwards."""
    values = month.column(name).cast(pa.float64())
    known = len(values) - values.null_count
    extremes = pc.min_max(values)
    below = [0, *(pc.sum(pc.less(values, bound)).as_py() or 0 for bound in bounds), known]
    return {
        "ts_month": month.column("ts_month")[0].as_py(),
        "feature_name": name,
        "row_count": len(values),
        "null_count": values.null_count,
        "mean_value": pc.mean(values).as_py(),
        "standard_deviation": pc.stddev(values, ddof=1).as_py(),
        "lowest_value": extremes["min"].as_py(),
        "median_value": pc.quantile(values, 0.5)[0].as_py() if known else None,
        "highest_value": extremes["max"].as_py(),
        "bin_counts": [
            values.null_count,
            *(upper - lower for lower, upper in itertools.pairwise(below)),
        ],
    }


def with_drift(summaries: Iterable[Row]) -> Iterator[Row]:
    """Compare each month with the one before it that has rows."""
    before: dict[str, Row] = {}
    for row in sorted(summaries, key=lambda row: (row["ts_month"], row["feature_name"])):
        last = before.get(row["feature_name"])
        yield {
            **{name: row[name] for name in SUMMARY.names},
            "month_before": last and last["ts_month"],
            "stability_index": last and stability_index(last["bin_counts"], row["bin_counts"]),
        }
        before[row["feature_name"]] = row


def stability_index(before: list[int], now: list[int]) -> float:
    """Return the population stability index: 0 where all shares are the same."""
    return math.fsum(
        (share - share_before) * math.log(share / share_before)
        for share_before, share in zip(shares(before), shares(now), strict=True)
    )


def shares(counts: list[int]) -> list[float]:
    """Return each bin's share of the rows."""
    return [max(count / sum(counts), SMALLEST_SHARE) for count in counts]
