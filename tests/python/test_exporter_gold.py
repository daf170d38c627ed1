"""Metrics that models declare: bounded, one series for a label, nothing personal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from watched import Metrics

from exporters.application import set_source_loaded_at
from exporters.artifacts import Manifest, Node
from exporters.errors import ArtifactError
from exporters.exporting import render
from exporters.gold import GoldCollector, declarations
from warehouse import MemoryWarehouse

METRIC: dict[str, Any] = {"name": "things", "help": "Things.", "value": "number"}


def node(*metrics: dict[str, Any]) -> Node:
    return Node(
        unique_id="model.p.m", resource_type="model", name="m", depends_on=(), severity="error",
        attached_to=None, relation="m", materialized="table", meta={"prometheus": list(metrics)},
        private=frozenset({"e_mail"}),
    )  # fmt: skip


def collect(rows: str, *metrics: dict[str, Any]) -> Metrics:
    warehouse = MemoryWarehouse()
    with warehouse.transaction() as transaction:
        transaction.execute(f"create table m as {rows}")
    models = {"model.p.m": node(*metrics)}
    manifest = Manifest("p", datetime.now(UTC), sources={}, nodes=models, exposures={})
    return Metrics(render(GoldCollector(manifest, lambda: warehouse).collect()).decode())


def test_a_row_is_a_series() -> None:
    found = collect(
        "select * from (values ('a', true, 1.5), ('b', false, 2), (null, null, null)) t (k, f, v)",
        {**METRIC, "value": "v", "labels": {"k": 3}},
        {"name": "flags", "help": "Flags.", "value": "f", "labels": {"k": 3}},
    )
    assert found.get("things", k="a") == 1.5
    assert found.get("things", k="b") == 2
    assert found.get("things", k="") is None  # null is absent, no zero
    assert found.get("flags", k="a") == 1
    assert found.get("flags", k="b") == 0


def test_rows_are_aggregated() -> None:
    found = collect(
        "select * from (values ('a', 1), ('a', 3), ('b', 5)) as t (k, v)",
        {"name": "rows", "help": "Rows.", "aggregate": "count", "labels": {"k": 2}},
        {"name": "sums", "help": "Sums.", "aggregate": "sum", "value": "v", "labels": {"k": 2}},
        {"name": "least", "help": "Least.", "aggregate": "min", "value": "v"},
        {"name": "all_total", "help": "All.", "aggregate": "max", "value": "v", "type": "counter"},
    )
    assert (found.get("rows", k="a"), found.get("rows", k="b")) == (2, 1)
    assert (found.get("sums", k="a"), found.get("sums", k="b")) == (4, 5)
    assert found.get("least") == 1
    assert found.get("all_total") == 5


def test_a_time_is_told_in_unix_seconds() -> None:
    found = collect("select timestamp '2026-01-01 00:00:00' as number", METRIC)
    assert found.get("things") == datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("rows", "metric", "told"),
    [
        (
            "select range as k, 1 as number from range(4)",
            {"labels": {"k": 3}},
            "more than 3 values",
        ),
        ("select range as number from range(2)", {}, "two rows"),
        ("select 'text' as number", {}, "no number"),
        ("select 1 as other", {}, "column"),
    ],
)
def test_what_cannot_be_told_is_left_out_and_named(
    rows: str, metric: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = collect(rows, METRIC | metric)
    assert found.get("dbt_model_metrics_up", node="model.p.m") == 0
    assert len(found.values) == 1
    (line,) = caplog.messages
    assert line.startswith("metrics of m: ")
    assert told in line


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "1things"}, "name is no metric's"),
        ({"help": ""}, "help is missing"),
        ({"type": "histogram"}, "type is none of"),
        ({"aggregate": "median"}, "aggregate is none of"),
        ({"aggregate": "count"}, "either value or aggregate"),
        ({"value": None}, "either value or aggregate"),
        ({"value": "1; drop table m"}, "no column's name"),
        ({"labels": {"k; drop table m": 1}}, "no column's name"),
        ({"labels": {"k": 0}}, "labels need a bound"),
        ({"labels": {"e_mail": 5}}, "e_mail holds personal data"),
        ({"lables": {}}, "unknown keys"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ArtifactError, match=told):
        declarations(node(METRIC | change))


def test_an_application_tells_itself_what_the_exporter_would() -> None:
    registry = CollectorRegistry()
    loaded_at = datetime(2026, 1, 1, tzinfo=UTC)
    set_source_loaded_at("ledger", "labels", loaded_at - timedelta(days=1), registry)
    set_source_loaded_at("ledger", "labels", loaded_at, registry)
    told = Metrics(generate_latest(registry).decode())
    labels = {"source": "ledger", "table": "labels"}
    assert told.get("dbt_source_loaded_at_seconds", **labels) == loaded_at.timestamp()
    with pytest.raises(ValueError, match="no time zone"):
        set_source_loaded_at("ledger", "labels", loaded_at.replace(tzinfo=None), registry)
