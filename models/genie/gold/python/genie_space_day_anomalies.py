"""Days on which a space was not as on the same weekday of the weeks before.

Median and median absolute deviation, so that one odd week neither hides the next nor shifts what is
expected: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers, ASQC 1993, whose
threshold this is. `twins/genie_space_day_anomalies.sql` says the same in SQL, for Postgres. All is
in one file, because Databricks runs it alone; there each space is judged where its rows are.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa

WEEKS = 8  # looked back
FEWEST_WEEKS = 4  # with a value, or nothing is expected
THRESHOLD = 3.5  # spreads from what is expected
CONSISTENCY = 1.4826  # times it, that of a normal distribution is its standard deviation
SMALLEST_PART = 0.1  # of what is expected: a smaller spread is none

KEYS = (
    *("workspace_id", "workspace_name", "space_id", "space_name"),
    *("metric_date", "metric_name", "metric_value"),
)
ANOMALIES = pa.schema(
    [
        ("workspace_id", pa.string()),
        ("workspace_name", pa.string()),
        ("space_id", pa.string()),
        ("space_name", pa.string()),
        ("metric_date", pa.date32()),
        ("metric_name", pa.string()),
        ("metric_value", pa.float64()),
        ("expected_value", pa.float64()),
        ("lowest_expected", pa.float64()),
        ("highest_expected", pa.float64()),
        ("anomaly_score", pa.float64()),
        ("anomaly_status", pa.string()),
    ]
)
SPARK_TYPES = {pa.date32(): "date", pa.string(): "string", pa.float64(): "double"}

Row = dict[str, Any]


def model(dbt: Any, session: Any) -> Any:
    """Return a row per space, day and metric: of Spark, or on DuckDB a table of Arrow."""
    dbt.config(  # on Databricks: a serverless job of its own, its notebook for its owner alone
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="genie_space_day_anomalies",
        environment_dependencies=["pyarrow==26.0.1"],
    )
    rows = dbt.ref("genie_space_day_metrics").select(*KEYS, "least_spread")
    if hasattr(session, "createDataFrame"):
        schema = ", ".join(f"{field.name} {SPARK_TYPES[field.type]}" for field in ANOMALIES)
        return rows.groupBy("workspace_id", "space_id").applyInArrow(judged, schema)
    return judged(rows.to_arrow_table())


def judged(metrics: pa.Table) -> pa.Table:
    """Return the metrics of spaces with what was expected of each."""
    series: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in metrics.to_pylist():
        series[row["workspace_id"], row["space_id"], row["metric_name"]].append(row)
    found = [row for rows in series.values() for row in with_expectation(rows)]
    return pa.Table.from_pylist(found, schema=ANOMALIES)


def with_expectation(rows: Iterable[Row]) -> Iterator[Row]:
    """Judge each day of one metric of a space by the same day of the weeks before."""
    by_date: dict[date, Row] = {row["metric_date"]: row for row in rows}
    for day, row in by_date.items():
        before = (by_date.get(day - timedelta(weeks=week)) for week in range(1, WEEKS + 1))
        values = [one["metric_value"] for one in before if one and one["metric_value"] is not None]
        yield {name: row[name] for name in KEYS} | expectation(row, values)


def expectation(row: Row, values: list[float]) -> Row:
    """Return what the earlier values let expect, and how the day's value stands to it."""
    value = row["metric_value"]
    if len(values) < FEWEST_WEEKS:
        return {"anomaly_status": "no_value" if value is None else "too_few_weeks"}
    expected = rounded(statistics.median(values))
    deviation = rounded(statistics.median(abs(one - expected) for one in values))
    spread = max(CONSISTENCY * deviation, SMALLEST_PART * expected, row["least_spread"])
    score = None if value is None else rounded((value - expected) / spread)
    return {
        "expected_value": expected,
        "lowest_expected": rounded(max(expected - THRESHOLD * spread, 0)),
        "highest_expected": rounded(expected + THRESHOLD * spread),
        "anomaly_score": score,
        "anomaly_status": status(score),
    }


def status(score: float | None) -> str:
    """Return the word for a score."""
    if score is None:
        return "no_value"
    if abs(score) <= THRESHOLD:
        return "usual"
    return "high" if score > 0 else "low"


def rounded(number: float) -> float:
    """Return a number of 6 digits, halves away from zero, as SQL rounds."""
    digits = Decimal(repr(float(number))).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return float(digits)
