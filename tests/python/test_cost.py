"""Costs from the bill to the marts: late bills, corrections, and accounts that lack something."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from harness import Project

from warehouse import Table
from warehouse.landing import (
    BILLING_USAGE,
    LIST_PRICES,
    MESSAGES,
    QUERY_HISTORY,
    WAREHOUSE_HOURS,
)

pytestmark = pytest.mark.slow

Row = dict[str, Any]

DAY = datetime(2026, 11, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODELS = (
    *("+genie_cost_by_message", "+genie_cost_by_space", "+genie_cost_by_user"),
    *("+genie_cost_reconciliation", "+genie_llm_usage"),
)
# not bronze: it outlives its sources; not what reads more than costs
ABOVE_BRONZE = (
    *("silver_messages", "silver_message_attachments", "silver_statement_messages"),
    *(f"silver_usage_costs+,{above}" for above in MODELS),
)
MARTS = ("genie_cost_by_message", "genie_cost_by_space", "genie_cost_by_user")
FIGURES = """
    select message_id, warehouse_cost, cost_status, cost_reason
    from genie_analytics.genie_cost_by_message order by message_id
"""
BILLS = """
    select cast(usage_date as varchar) as usage_date, billed_cost, message_cost, authoring_cost,
        other_cost, idle_cost, cost_status, cost_reason
    from genie_analytics.genie_cost_reconciliation order by usage_date
"""


class Landing:
    """Appends rows to landing tables, a batch each time."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.batches = 0

    def add(self, table: Table, *rows: Row) -> None:
        self.batches += 1
        at = datetime.now(UTC)
        stamp = {"fetched_at": at, "batch_id": f"{at:%Y%m%dT%H%M%S.%fZ}-{self.batches}"}
        whole = [{**dict.fromkeys(table.columns.names), **row, **stamp} for row in rows]
        with self.project.warehouse.transaction() as transaction:
            transaction.append(table, pa.Table.from_pylist(whole, schema=table.columns))

    def build(self) -> None:
        self.project.dbt("run", "--select", *MODELS)


def statement(statement_id: str, at: datetime, work_ms: int, **more: Any) -> Row:
    return {
        "workspace_id": "w1",
        "statement_id": statement_id,
        "executed_by": "ana@example.com",
        "execution_status": "FINISHED",
        "compute": '{"warehouse_id":"wh1"}',
        "query_source": '{"genie_space_id":"s1"}',
        "client_application": "Databricks SQL Genie Space",
        "total_task_duration_ms": work_ms,
        "start_time": at,
        "end_time": at + timedelta(seconds=5),
        "update_time": at + timedelta(seconds=6),
        **more,
    }


def others(statement_id: str, at: datetime, work_ms: int) -> Row:
    return statement(statement_id, at, work_ms, client_application="Tableau", query_source=None)


def usage(record_id: str, at: datetime, quantity: str, kind: str = "ORIGINAL") -> Row:
    return {
        "workspace_id": "w1",
        "record_id": record_id,
        "record_type": kind,
        "sku_name": "SQL",
        "cloud": "AWS",
        "usage_unit": "DBU",
        "usage_quantity": Decimal(quantity),
        "usage_start_time": at,
        "usage_end_time": at + HOUR,
        "usage_date": at.date(),
        "billing_origin_product": "SQL",
        "usage_metadata": '{"warehouse_id":"wh1"}',
    }


def message(message_id: str, at: datetime, *statement_ids: str) -> Row:
    payload = {
        "message_id": message_id,
        "created_timestamp": int(at.timestamp() * 1000),
        "attachments": [{"query": {"statement_id": id_}} for id_ in statement_ids],
    }
    ids = {"workspace_id": "w1", "space_id": "s1", "conversation_id": "c1"}
    return {**ids, "message_id": message_id, "payload": json.dumps(payload)}


PRICE = {
    "sku_name": "SQL",
    "cloud": "AWS",
    "currency_code": "USD",
    "usage_unit": "DBU",
    "price_start_time": DAY - timedelta(days=300),
    "pricing": '{"default":0.5}',
}
MORNING, NOON = DAY + 10 * HOUR, DAY + 12 * HOUR


@pytest.fixture
def landing(make_project: Callable[[], Project]) -> Landing:
    """Two hours of work: of Genie and others, and of Genie alone."""
    project = make_project()
    project.create_tables()
    landing = Landing(project)
    landing.add(
        QUERY_HISTORY,
        statement("answer", MORNING, 300),
        statement("profiling", MORNING, 100),
        others("report", MORNING, 800),
        statement("later", NOON, 50),
    )
    landing.add(MESSAGES, message("m1", MORNING, "answer"), message("m2", NOON, "later"))
    landing.add(MESSAGES, message("m3", NOON, "unheard of"), message("m4", NOON))
    return landing


def figures(landing: Landing) -> dict[str, tuple[Any, ...]]:
    return {row.pop("message_id"): tuple(row.values()) for row in landing.project.query(FIGURES)}


def test_late_bills_restate_earlier_days(landing: Landing) -> None:
    project = landing.project
    landing.build()
    nothing = (None, "unpriceable", "no billing data")
    without_history = (None, "unpriceable", "no query history")
    free = (Decimal(0), "priced", None)
    told = {"m1": nothing, "m2": nothing, "m3": without_history, "m4": free}
    assert figures(landing) == told

    # the bill comes: the morning is in it, noon is still to come
    landing.add(LIST_PRICES, PRICE)
    landing.add(BILLING_USAGE, usage("r1", MORNING, "6"), usage("idle", DAY, "1"))
    landing.build()
    assert figures(landing)["m1"] == (Decimal("0.75"), "priced", None)
    assert figures(landing)["m2"] == (None, "pending", "not billed yet")
    (day,) = project.query(BILLS)
    assert [day[f"{part}_cost"] for part in ("billed", "message", "authoring", "other")] == [
        *(Decimal("3.5"), Decimal("0.75"), Decimal("0.25"), Decimal(2)),
    ]

    # days later a correction of the morning, and noon
    landing.add(
        BILLING_USAGE,
        usage("r2", MORNING, "-6", "RETRACTION"),
        usage("r3", MORNING, "12", "RESTATEMENT"),
        usage("r4", NOON, "4"),
    )
    landing.build()
    assert figures(landing)["m1"] == (Decimal("1.5"), "priced", None)
    assert figures(landing)["m2"] == (Decimal(2), "estimate", "other work unknown")

    # what others did at noon becomes known: 50 of 200
    hour = {"workspace_id": "w1", "warehouse_id": "wh1", "hour_start": NOON}
    landing.add(WAREHOUSE_HOURS, hour | {"statement_count": 4, "total_task_duration_ms": 200})
    landing.build()
    assert figures(landing)["m2"] == (Decimal("0.5"), "priced", None)
    assert project.query(BILLS) == [
        {
            "usage_date": "2026-11-10",
            "billed_cost": Decimal("8.5"),
            "message_cost": Decimal(2),
            "authoring_cost": Decimal("0.5"),
            "other_cost": Decimal("5.5"),
            "idle_cost": Decimal("0.5"),
            "cost_status": "priced",
            "cost_reason": None,
        }
    ]
    incremental = {name: project.query(f"select * from genie_analytics.{name}") for name in MARTS}
    project.dbt("run", "--full-refresh", "--select", *ABOVE_BRONZE)
    project.dbt("test", "--select", "assert_costs_add_up_to_the_bill")
    for name in MARTS:
        refreshed = project.query(f"select * from genie_analytics.{name}")
        assert sorted(map(known, refreshed)) == sorted(map(known, incremental[name])), name


def known(row: Row) -> str:
    return json.dumps({**row, "source_loaded_at": None}, default=str, sort_keys=True)


def test_without_query_history_the_bill_is_nobodys(make_project: Callable[[], Project]) -> None:
    project = make_project()
    project.create_tables()
    landing = Landing(project)
    landing.add(MESSAGES, message("m1", MORNING, "answer"))
    landing.add(LIST_PRICES, PRICE)
    landing.add(BILLING_USAGE, usage("r1", MORNING, "6") | {"record_type": None})
    landing.build()
    assert figures(landing) == {"m1": (None, "unpriceable", "no query history")}
    (day,) = project.query(BILLS)
    assert (day["billed_cost"], day["idle_cost"]) == (Decimal(3), Decimal(3))
    assert (day["cost_status"], day["cost_reason"]) == ("estimate", "other work unknown")


@pytest.mark.parametrize(
    "model", ["bronze_system__statement_hours", "bronze_system__billing_usage"]
)
def test_an_increment_reads_what_is_new(make_project: Callable[[], Project], model: str) -> None:
    """Of a landing of a year, in row groups as DuckDB keeps them."""
    project = make_project()
    project.create_tables()
    table = QUERY_HISTORY if model.endswith("statement_hours") else BILLING_USAGE
    moment = "timestamp '2026-01-01' + number * interval 60 second"
    columns = {
        "workspace_id": "'w1'",
        "fetched_at": moment,
        "batch_id": f"strftime({moment}, '%Y%m%dT%H0000.000000Z')",
        "statement_id": "'st' || number",
        "record_id": "'r' || number",
        "start_time": moment,
        "usage_start_time": moment,
        "compute": """'{"warehouse_id":"wh1"}'""",
        "usage_metadata": """'{"warehouse_id":"wh1"}'""",
        "total_task_duration_ms": "1",
        "usage_quantity": "1",
    }
    filled = {name: sql for name, sql in columns.items() if name in table.columns.names}
    with duckdb.connect(str(project.database)) as connection:
        connection.execute(
            f"insert into {table.qualified_name} ({', '.join(filled)})"
            f" select {', '.join(filled.values())} from range(500000) as numbers (number)"
        )
    project.dbt("run", "--select", model)
    at = datetime(2026, 12, 20, tzinfo=UTC)
    new = statement("new", at, 5) if table is QUERY_HISTORY else usage("new", at, "1")
    Landing(project).add(table, new)
    project.dbt("compile", "--select", model)
    compiled = project.parsed / f"compiled/genie_observability/models/genie/bronze/{model}.sql"
    assert rows_read(project, compiled.read_text(), table) < 250_000


def rows_read(project: Project, query: str, table: Table) -> int:
    """Return how many rows of a landing table DuckDB takes up for a query."""
    with duckdb.connect(str(project.database), read_only=True) as connection:
        (row,) = connection.execute(f"explain (analyze, format json) {query}").fetchall()
    return sum(scanned(json.loads(row[1]), table.name))


def scanned(node: Row, table: str) -> list[int]:
    own = node["operator_rows_scanned"] if table in str(node.get("extra_info", "")) else 0
    return [own, *(n for child in node.get("children", []) for n in scanned(child, table))]
