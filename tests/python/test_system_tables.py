"""The account's system tables, brought by SQL on a warehouse of the simulated workspace."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest
from harness import Project
from observed_account import (
    HISTORY,
    NOW,
    QUICK,
    RECEIVED,
    WAREHOUSE,
    Account,
    configured,
    late_event,
    start,
    wait_for,
)

from demo.faults import Faults
from demo.files import write_system_tables
from demo.ids import iso_ms, to_ms
from demo.server import SimulatedWorkspaces
from demo.statements import StatementRules
from demo.system_tables import audit_rows, query_history_rows
from ingest.errors import WorkspaceError
from ingest.loading import load_files
from ingest.privacy import Privacy
from warehouse.landing import SYSTEM_TABLES

AUDIT = "system.access.audit"
GENIE_EVENTS = sorted(
    {row["event_id"] for row in audit_rows(HISTORY) if row["service_name"] == "aibiGenie"}
)
BUILT = ("+genie_messages_to_fetch", "+genie_spaces_to_fetch", "+genie_system_tables_to_fetch")
NO_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
OF_GENIE = {
    "audit": "service_name = 'aibiGenie'",
    "workspaces": "true",
    "query_history": 'query_source like \'%"genie_space_id":"%\'',
    "warehouse_hours": "true",
    "billing_usage": "true",
    "list_prices": "true",
}


@pytest.fixture(scope="module")
def built(make_project: Callable[[], Project]) -> Project:
    """What `make build` leaves on an empty database; tests take copies."""
    project = make_project()
    project.ingest("init")
    project.dbt("build", "--select", *BUILT, *NO_TESTS)
    return project


@pytest.fixture
def account(
    make_project: Callable[[], Project],
    serve: Callable[..., SimulatedWorkspaces],
    built: Project,
) -> Account:
    project = make_project()
    project.database.write_bytes(built.database.read_bytes())
    return configured(project, serve(HISTORY))


@pytest.fixture
def loaded(account: Account) -> Account:
    """The audit log is landed."""
    account.bring("audit")
    account.texts()
    return account


def test_statements_and_files_land_the_same(
    account: Account, make_project: Callable[[], Project], built: Project
) -> None:
    account.served.statements.rules = StatementRules(slow_every=5, chunk_rows=30)
    account.command("--page-rows", "100")
    by_files = make_project()
    by_files.database.write_bytes(built.database.read_bytes())
    files = write_system_tables(HISTORY, account.served.urls, by_files.folder)
    for table, path in files.items():
        list(load_files(by_files.warehouse, SYSTEM_TABLES[table], [path], Privacy()))
    for table, condition in OF_GENIE.items():
        rows = by_files.query(
            f"select distinct {RECEIVED} from genie_raw.{table} where {condition} order by all"
        )
        assert rows
        assert account.landed(table) == rows, table
    work = "select * from genie_analytics.genie_messages_to_fetch order by all"
    found = []
    for project in (account.project, by_files):
        project.dbt("run", "--select", "+genie_messages_to_fetch")
        found.append(project.query(work))
    assert found[0]
    assert found[0] == found[1]


def test_a_second_run_lands_nothing(account: Account) -> None:
    account.bring()
    before = {table: account.count(table) for table in OF_GENIE}
    account.texts()
    told = account.command().stdout
    assert "nothing new: 0 rows of system tables landed in" in told
    assert {table: account.count(table) for table in OF_GENIE} == before
    of_audit = [text for text in account.texts() if AUDIT in text]
    assert len(of_audit) == 2, "an increment: the columns, and a page of the last day"
    attempts = account.project.query(
        "select resource, outcome, count(*) as n from genie_raw.fetch_attempts"
        " group by 1, 2 order by 1"
    )
    assert attempts == [
        {"resource": "system_table", "outcome": "fetched", "n": 6},
        {"resource": "system_table_sweep", "outcome": "fetched", "n": 6},
    ]
    runs = account.project.query(
        "select outcome from genie_raw.ingest_runs where command = 'system-tables'"
        " and event = 'finish'"
    )
    assert runs == [{"outcome": "done"}, {"outcome": "done"}]


def test_increments_bring_what_happened_since(loaded: Account) -> None:
    before = loaded.count()
    message = loaded.served.ask(HISTORY.spaces[0].space_id, "How many orders came today?")
    loaded.bring("audit")
    news = loaded.landed(columns="response as text")
    assert loaded.count() > before
    assert any(message.message_id in str(row["text"]) for row in news)


def test_every_statement_is_bounded(account: Account) -> None:
    account.bring(page_rows=50)
    account.bring(page_rows=50)
    texts = account.texts()
    pages = [text for text in texts if "page_time" in text]
    assert len(pages) > 10
    assert all(text.endswith("order by page_time, page_id\nlimit 50") for text in pages)
    counts = [text for text in texts if "row_count" in text]
    assert counts
    columns = [text for text in texts if text.endswith("limit 0")]  # no row is read
    assert len(pages) + len(counts) + len(columns) == len(texts)
    for text in (*pages, *counts):
        assert ">= timestamp_micros(:start_time)\n" in text
        assert "< timestamp_micros(:end_time)\n" in text
        assert "workspace_id is not null" in text or "list_prices" in text
        if AUDIT in text:
            assert "event_date >= :start_date\n    and event_date <= :end_date" in text
            assert "service_name = 'aibiGenie'" in text
    sizes = account.project.query("select count(*) as n from genie_raw.audit group by batch_id")
    assert max(row["n"] for row in sizes) == 50


def test_a_cut_result_is_gone_on_with(account: Account) -> None:
    """The limit of bytes leaves rows out; the next page begins where it did."""
    account.bring("audit", byte_limit=20_000)
    assert account.events() == GENIE_EVENTS
    assert len([text for text in account.texts() if "page_time" in text]) > 20
    with pytest.raises(WorkspaceError, match="no room"):
        account.bring("query_history", byte_limit=10)


def test_rows_of_one_moment_do_not_go_round(account: Account) -> None:
    at = timedelta(days=3)
    crowd = [late_event(f"crowd {number}", at) for number in range(50)]
    account.served.statements.tables.add(AUDIT, crowd)
    account.bring("audit", page_rows=20)
    assert account.events() == sorted([*GENIE_EVENTS, *(row["event_id"] for row in crowd)])


def test_only_observed_workspaces_are_read(account: Account) -> None:
    first, second = sorted(account.served.urls)
    # what the var genie_workspace_ids makes of the work list
    work_list = "genie_analytics.genie_system_tables_to_fetch"
    with account.project.warehouse.transaction() as transaction:
        transaction.execute(f"alter view {work_list} rename to all_observed")
        transaction.execute(
            f"create view {work_list} as select * replace ('{first}' as workspace_ids)"
            " from genie_analytics.all_observed"
        )
    account.bring("audit", "workspaces")
    bodies = account.served.statements.received
    assert {
        one["value"] for body in bodies for one in body["parameters"] if one["name"][-2:] == "_0"
    } == {first}
    texts = [text for text in account.texts() if not text.endswith("limit 0")]
    assert all("workspace_id in (:workspace_0)" in text for text in texts)
    for table in ("audit", "workspaces"):
        ids = account.landed(table, "distinct workspace_id")
        assert ids == [{"workspace_id": first}]
    with pytest.raises(WorkspaceError, match=f"workspace {second} is not observed"):
        account.bring(workspace_id=second)


def test_one_workspace_does_not_hide_the_others(account: Account) -> None:
    account.bring("audit", workspace_id=min(account.served.urls))
    assert account.events() != GENIE_EVENTS
    account.bring("audit")
    assert account.events() == GENIE_EVENTS


def test_late_events_are_brought(loaded: Account) -> None:
    def late(event_id: str, ago: timedelta) -> bool:
        loaded.served.statements.tables.add(AUDIT, [late_event(event_id, ago)])
        return is_landed(event_id)

    def is_landed(event_id: str) -> bool:
        loaded.bring("audit")
        return event_id in loaded.events()

    assert late("an hour", timedelta(hours=1)), "within lookback_minutes an increment brings it"
    assert not late("a month", timedelta(days=30))
    loaded.a_day_passes()
    loaded.texts()
    assert is_landed("a month"), "the first run of the next day counts the days"
    assert len(loaded.texts()) <= 4, "and reads those of which there is more"
    assert not late("forty days", timedelta(days=40))
    loaded.bring("audit", since=NOW - timedelta(days=41))
    assert "forty days" in loaded.events()
    assert len(loaded.events()) == len(GENIE_EVENTS) + 3


def test_statements_that_changed_land_again(account: Account) -> None:
    account.bring("query_history")
    old = account.landed("query_history")[0]
    (row,) = [r for r in query_history_rows(HISTORY) if r["statement_id"] == old["statement_id"]]
    changed = old["update_time"].replace(tzinfo=UTC) + timedelta(days=2)
    row |= {"update_time": iso_ms(to_ms(changed))}
    account.served.statements.tables.put("system.query.history", "statement_id", [row])
    before = account.count("query_history")
    account.bring("query_history", since=NOW - timedelta(days=80))
    account.bring("query_history", since=NOW - timedelta(days=80))
    assert account.count("query_history") == before + 1


def test_workspaces_land_when_they_change_even_back(account: Account) -> None:
    row = {
        "account_id": HISTORY.account_id,
        "workspace_id": HISTORY.workspaces[0].workspace_id,
        "workspace_url": "https://first.example.com",
        "create_time": None,
        "status": "RUNNING",
    }
    for name in ("new", "other", "new"):
        account.served.statements.tables.put(
            "system.access.workspaces_latest", "workspace_id", [row | {"workspace_name": name}]
        )
        account.bring("workspaces")
        account.bring("workspaces")
    names = account.project.query(
        "select workspace_name from genie_raw.workspaces where workspace_id = ?"
        " order by fetched_at",
        [row["workspace_id"]],
    )
    assert [found["workspace_name"] for found in names] == ["new", "other", "new"]
    assert account.count("workspaces") == 3 + len(HISTORY.workspaces) - 1


def test_usage_and_prices_are_brought_with_corrections(account: Account) -> None:
    tables = account.served.statements.tables
    ended = PRICE | {"sku_name": "OLD", "price_end_time": "2025-06-01T00:00:00Z"}
    tables.add("system.billing.usage", [usage("r1", "ORIGINAL", "1.5")])
    tables.add("system.billing.list_prices", [PRICE, ended])
    account.bring("billing_usage", "list_prices")
    (row,) = of_sku(account, "billing_usage")
    assert str(row["usage_quantity"]) == "1.500000000000000000"
    assert json.loads(row["usage_metadata"])["warehouse_id"] == WAREHOUSE
    assert json.loads(row["custom_tags"]) == {"team": "a"}
    (found,) = of_sku(account, "list_prices")
    assert json.loads(found["pricing"])["default"] == 0.7

    tables.add("system.billing.usage", [usage("r2", "RETRACTION", "-1.5")])
    ends = iso_ms(to_ms(NOW))
    tables.put("system.billing.list_prices", "sku_name", [PRICE | {"price_end_time": ends}])
    account.a_day_passes()
    account.bring("billing_usage", "list_prices")
    account.bring("billing_usage", "list_prices")
    assert [row["record_id"] for row in of_sku(account, "billing_usage")] == ["r1", "r2"]
    assert len(of_sku(account, "list_prices")) == 2


def of_sku(account: Account, table: str) -> list[dict[str, Any]]:
    """Return the landed rows of a SKU that the history does not use."""
    return [row for row in account.landed(table) if row["sku_name"] in (PRICE["sku_name"], "OLD")]


def test_an_hour_that_has_grown_is_landed_again(account: Account) -> None:
    account.bring("warehouse_hours")
    hours = {
        (row["workspace_id"], row["hour_start"]): row for row in account.landed("warehouse_hours")
    }
    rows = list(query_history_rows(HISTORY))
    assert sum(row["statement_count"] for row in hours.values()) == len(rows)
    work = sum(row["total_task_duration_ms"] for row in rows)
    assert sum(row["total_task_duration_ms"] for row in hours.values()) == work
    more = rows[-1] | {"statement_id": "more", "total_task_duration_ms": 5}
    account.served.statements.tables.add("system.query.history", [more])
    account.bring("warehouse_hours")
    account.bring("warehouse_hours")
    assert account.count("warehouse_hours") == len(hours) + 1
    assert account.landed("query_history") == [], "statements are summed up where they are"


PRICE = {
    "account_id": HISTORY.account_id,
    "price_start_time": "2025-01-01T00:00:00Z",
    "price_end_time": None,
    "sku_name": "ENTERPRISE_SERVERLESS_SQL",
    "cloud": "AWS",
    "currency_code": "USD",
    "usage_unit": "DBU",
    "pricing": {"default": Decimal("0.70"), "promotional": None, "effective_list": None},
}


def usage(record_id: str, kind: str, quantity: str) -> dict[str, Any]:
    start = NOW - timedelta(days=20)
    return {
        "account_id": HISTORY.account_id,
        "workspace_id": HISTORY.workspaces[0].workspace_id,
        "record_id": record_id,
        "sku_name": "ENTERPRISE_SERVERLESS_SQL",
        "cloud": "AWS",
        "usage_start_time": iso_ms(to_ms(start)),
        "usage_end_time": iso_ms(to_ms(start + timedelta(hours=1))),
        "usage_date": start.date(),
        "custom_tags": {"team": "a"},
        "usage_unit": "DBU",
        "usage_quantity": Decimal(quantity),
        "usage_metadata": {"warehouse_id": WAREHOUSE, "genie": None},
        "record_type": kind,
        "billing_origin_product": "SQL",
    }


def test_columns_that_the_account_lacks_are_null(account: Account) -> None:
    account.served.statements.rules = StatementRules(
        slow_every=0, absent={AUDIT: frozenset({"identity_metadata", "version"})}
    )
    account.bring("audit")
    assert account.landed(columns="distinct identity_metadata, version") == [
        {"identity_metadata": None, "version": None}
    ]
    assert account.events() == GENIE_EVENTS


def test_a_missing_grant_is_told_and_the_others_go_on(account: Account) -> None:
    account.served.statements.rules = StatementRules(
        slow_every=0, closed=frozenset({"system.query", AUDIT})
    )
    errors = account.command(expect=2).stderr
    assert "warning: system.access.audit: [INSUFFICIENT_PERMISSIONS]" in errors
    assert "GRANT SELECT ON TABLE system.access.audit" in errors
    assert "GRANT USE SCHEMA ON SCHEMA system.query" in errors
    assert account.count("workspaces") == len(HISTORY.workspaces)
    attempts = account.project.query(
        "select resource_id, error_code from genie_raw.fetch_attempts where outcome = 'failed'"
        " order by 1"
    )
    assert attempts == [
        {"resource_id": "audit", "error_code": "INSUFFICIENT_PERMISSIONS"},
        {"resource_id": "query_history", "error_code": "INSUFFICIENT_PERMISSIONS"},
        {"resource_id": "warehouse_hours", "error_code": "INSUFFICIENT_PERMISSIONS"},
    ]
    assert "error: system.access.audit" in account.command("--table", "audit", expect=1).stderr
    account.served.statements.rules = QUICK
    account.bring("audit")
    assert account.events() == GENIE_EVENTS, "what failed is still due"


def test_what_keeps_all_from_being_read_is_one_line(account: Account) -> None:
    def line(expect: int = 1, **environment: str) -> str:
        account.project.extra |= environment
        text = account.command(expect=expect).stderr
        assert "Traceback" not in text
        return text

    assert "SQL warehouse" in line(DATABRICKS_WAREHOUSE_ID="0" * 16)
    assert "GENIE_ALLOWED_HOSTS" in line(DATABRICKS_HOST="https://example.com")
    assert "set DATABRICKS_HOST" in line(DATABRICKS_HOST="")
    del account.project.extra["DATABRICKS_WAREHOUSE_ID"]
    assert "DATABRICKS_WAREHOUSE_ID" in line(expect=64)
    assert account.served.statements.received == []


@pytest.mark.parametrize("mode", ["hashed", "redacted"])
def test_privacy_is_applied_before_landing(account: Account, mode: str) -> None:
    account.privacy = Privacy(mode, "a-key-of-enough-length")
    account.bring("audit", "query_history")
    assert account.bring("audit", "query_history").rows == 0
    for table in ("audit", "query_history"):
        texts = json.dumps(account.landed(table), default=str)
        assert "person-" in texts
        assert not [one.name for one in HISTORY.people if one.name in texts]
    texts = {row["statement_text"] for row in account.landed("query_history", "statement_text")}
    received = {row["statement_text"] for row in query_history_rows(HISTORY)}
    assert (texts <= received) == (mode == "hashed")
    assert account.events() == GENIE_EVENTS


def test_faults_of_the_api_are_overcome(account: Account) -> None:
    account.served.set_faults(
        Faults(
            seed=3,
            error_500=0.1,
            error_503=0.02,
            cut=0.03,
            broken_json=0.1,
            empty_body=0.1,
            expired_token=0.1,
        )
    )
    for _ in range(10):
        try:
            if account.bring("audit", page_rows=100).outcome == "done":
                break
        except WorkspaceError:
            continue
    assert account.events() == GENIE_EVENTS
    assert sum(account.served.faults_met.values()) > 3


def test_a_killed_run_is_gone_on_with(account: Account) -> None:
    for pages in (5, 12):
        process = start(account, "--table", "audit", "--page-rows", "20")
        account.texts()
        wait_for(lambda pages=pages: len(account.served.statements.received) > pages)
        process.kill()
        process.communicate()
    landed = account.count()
    assert 0 < landed < len(GENIE_EVENTS)
    account.texts()
    account.bring("audit", page_rows=20)
    assert account.events() == GENIE_EVENTS, "nothing is lost, nothing twice"
    pages_read = len([text for text in account.texts() if "page_time" in text])
    # a page begins with the last row of the one before; the first may hold what is landed
    assert (pages_read - 10) * 19 < len(GENIE_EVENTS) - landed, "whole days are not read again"


def test_a_stop_cancels_the_statement(account: Account) -> None:
    account.served.statements.rules = StatementRules(slow_every=4, slow_polls=1000)
    process = start(account, "--table", "workspaces", "--table", "audit")
    wait_for(lambda: len(account.served.statements.received) == 4)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2, errors
    assert "stopped on request" in errors
    assert len(account.served.statements.canceled) == 1
    assert account.count("workspaces") == len(HISTORY.workspaces), "what was landed is kept"


@pytest.mark.slow
def test_postgres_lands_the_same(
    account: Account, postgres_project: Project, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    assert account.bring().problems == []
    postgres_project.ingest("init")
    postgres_project.dbt("run", "--select", "+genie_system_tables_to_fetch")
    elsewhere = configured(postgres_project, account.served)
    assert elsewhere.bring(page_rows=100).problems == []
    elsewhere.served.statements.tables.add(AUDIT, [late_event("late", timedelta(days=30))])
    elsewhere.bring()
    elsewhere.a_day_passes()
    elsewhere.bring()
    assert elsewhere.events() == sorted([*GENIE_EVENTS, "late"])
    assert elsewhere.bring("query_history", since=NOW - timedelta(days=80)).rows == 0
    for table in ("workspaces", "query_history"):
        here, there = (
            sorted(
                json.dumps(row, default=str)
                for row in one.project.query(f"select * from genie_raw.{table}")
            )
            for one in (account, elsewhere)
        )
        found = [row for row in map(without_stamps, there) if row not in map(without_stamps, here)]
        assert found == []
        assert len(here) == len(there)


def without_stamps(text: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(text)
    return {name: one for name, one in row.items() if name not in ("fetched_at", "batch_id")}
