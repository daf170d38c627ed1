"""The simulated workspaces answer SQL on the system tables, as the real SDK sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import InternalError, InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.sql import (
    ExecuteStatementRequestOnWaitTimeout,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

from demo.faults import Faults
from demo.history import HistoryOptions, build_history
from demo.server import SimulatedWorkspaces
from demo.statements import StatementRules
from demo.system_schemas import TABLES
from demo.system_tables import audit_rows, query_history_rows

HISTORY = build_history(HistoryOptions(end=datetime(2026, 11, 2, 16, 30, tzinfo=UTC), messages=120))
SECRET = "secret"
WAREHOUSE = HISTORY.spaces[0].warehouse_id
QUICK = StatementRules(slow_every=0)


@pytest.fixture(scope="module")
def site() -> Iterator[SimulatedWorkspaces]:
    with SimulatedWorkspaces(HISTORY, HISTORY.observer.name, SECRET) as served:
        yield served


@pytest.fixture(autouse=True)
def _quick(site: SimulatedWorkspaces) -> None:
    site.statements.rules = QUICK


@pytest.fixture(scope="module")
def client(site: SimulatedWorkspaces) -> WorkspaceClient:
    return WorkspaceClient(
        config=Config(
            host=next(iter(site.urls.values())),
            client_id=HISTORY.observer.name,
            client_secret=SECRET,
            auth_type="oauth-m2m",
            retry_timeout_seconds=1,
        )
    )


def ask(client: WorkspaceClient, statement: str, **options: Any) -> StatementResponse:
    return client.statement_execution.execute_statement(statement, WAREHOUSE, **options)


def rows_of(client: WorkspaceClient, statement: str, **options: Any) -> list[list[str]]:
    """Return all rows of a statement, chunk by chunk."""
    answer = ask(client, statement, **options)
    assert answer.status
    assert answer.status.state is StatementState.SUCCEEDED, answer.status.error
    assert answer.manifest
    assert answer.result
    rows, chunk = list(answer.result.data_array or []), answer.result
    while chunk.next_chunk_index is not None:
        chunk = client.statement_execution.get_statement_result_chunk_n(
            str(answer.statement_id), chunk.next_chunk_index
        )
        rows += chunk.data_array or []
    assert len(rows) == answer.manifest.total_row_count
    return rows


def failure_of(client: WorkspaceClient, statement: str) -> str:
    answer = ask(client, statement)
    assert answer.status
    assert answer.status.state is StatementState.FAILED
    assert answer.status.error
    return str(answer.status.error.message)


def test_the_tables_have_the_columns_of_the_real_ones(shared_samples: Path) -> None:
    known = json.loads((shared_samples / "system_table_schemas.describe_extended.json").read_text())
    for name, schema in TABLES.items():
        assert schema.names == [column["name"] for column in known[name]]


def test_every_row_of_the_history_is_there(client: WorkspaceClient) -> None:
    events = rows_of(client, "select event_id, event_time from system.access.audit")
    assert sorted(row[0] for row in events) == sorted(r["event_id"] for r in audit_rows(HISTORY))
    (one,) = [row for row in audit_rows(HISTORY) if row["event_id"] == events[0][0]][:1]
    assert events[0][1] == one["event_time"], "times come in milliseconds, in UTC"
    (count,) = rows_of(client, "select count(*) from system.query.history")
    assert int(count[0]) == len(list(query_history_rows(HISTORY)))
    addresses = rows_of(
        client, "select workspace_url from system.access.workspaces_latest order by workspace_id"
    )
    assert all(row[0].startswith("http://127.0.0.1:") for row in addresses)


def test_structs_and_maps_are_real(client: WorkspaceClient) -> None:
    answer = ask(client, "select user_identity, request_params from system.access.audit limit 0")
    assert answer.manifest
    assert answer.manifest.schema
    names = [column.type_name.value for column in answer.manifest.schema.columns or []]
    assert names == ["STRUCT", "MAP"]
    (row,) = rows_of(
        client,
        "select user_identity.email, request_params['space_id'], to_json(user_identity),"
        " to_json(user_identity, map('ignoreNullFields', 'false')) from system.access.audit"
        " where request_params['space_id'] is not null limit 1",
    )
    assert row[0]
    assert row[1] in {space.space_id for space in HISTORY.spaces}
    assert json.loads(row[2]) == {"email": row[0]}, "as Spark: without fields that are null"
    assert json.loads(row[3]) == {"email": row[0], "subject_name": None}


def test_parameters_are_named_and_typed(client: WorkspaceClient) -> None:
    workspace_id = HISTORY.workspaces[0].workspace_id
    given = [
        StatementParameterListItem("workspace", value=workspace_id),
        StatementParameterListItem("day", type="DATE", value="2026-10-20"),
        StatementParameterListItem("moment", type="BIGINT", value="1792533600000000"),
    ]
    rows = rows_of(
        client,
        "select workspace_id, event_date, unix_micros(event_time) from system.access.audit"
        " where workspace_id = :workspace and event_date >= :day"
        " and event_time >= timestamp_micros(:moment) order by event_time",
        parameters=given,
    )
    assert {row[0] for row in rows} == {workspace_id}
    assert min(row[1] for row in rows) >= "2026-10-20"
    assert min(int(row[2]) for row in rows) >= 1792533600000000
    assert "[UNBOUND_SQL_PARAMETER]" in failure_of(
        client, "select 1 from system.access.audit where workspace_id = :other"
    )


def test_results_come_in_chunks_and_in_order(
    site: SimulatedWorkspaces, client: WorkspaceClient
) -> None:
    statement = "select event_id from system.access.audit order by event_time, event_id"
    whole = rows_of(client, statement)
    site.statements.rules = StatementRules(chunk_rows=7, slow_every=0)
    assert rows_of(client, statement) == whole


def test_limits_of_the_caller_cut_and_say_so(client: WorkspaceClient) -> None:
    statement = "select event_id from system.access.audit"
    for limit in ({"row_limit": 3}, {"byte_limit": 150}):
        answer = ask(client, statement, **limit)
        assert answer.manifest
        assert answer.manifest.truncated is True
        assert answer.manifest.total_row_count == 3
    whole = ask(client, statement, row_limit=10**6).manifest
    assert whole
    assert whole.truncated is False


def test_a_result_beyond_the_inline_limit_fails(
    site: SimulatedWorkspaces, client: WorkspaceClient
) -> None:
    site.statements.rules = StatementRules(inline_bytes=1000, slow_every=0)
    assert "Inline byte limit exceeded" in failure_of(client, "select * from system.access.audit")


def test_slow_statements_are_polled(site: SimulatedWorkspaces, client: WorkspaceClient) -> None:
    site.statements.rules = StatementRules(slow_every=1)
    api = client.statement_execution
    first = ask(client, "select count(*) from system.access.audit")
    states = [first.status.state] if first.status else []
    while states[-1] is not StatementState.SUCCEEDED:
        state = api.get_statement(str(first.statement_id)).status
        assert state
        states.append(state.state)
    assert states == [StatementState.PENDING, StatementState.RUNNING, StatementState.SUCCEEDED]


def test_a_statement_can_be_canceled(site: SimulatedWorkspaces, client: WorkspaceClient) -> None:
    first = ask(
        client,
        "select 1 from system.access.audit",
        wait_timeout="0s",
        on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CONTINUE,
    )
    client.statement_execution.cancel_execution(str(first.statement_id))
    status = client.statement_execution.get_statement(str(first.statement_id)).status
    assert status
    assert status.state is StatementState.CANCELED
    assert site.statements.canceled[-1] == first.statement_id


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("select * from system.access.audits", "TABLE_OR_VIEW_NOT_FOUND"),
        ("select * from system.query.history", "INSUFFICIENT_PERMISSIONS"),
        ("select * from system.billing.usage", "INSUFFICIENT_PERMISSIONS"),
        ("select version from system.access.audit", "UNRESOLVED_COLUMN"),
        ("select nothing from system.access.workspaces_latest", "UNRESOLVED_COLUMN"),
        ("select from where", "PARSE_SYNTAX_ERROR"),
        ("drop table system.access.audit", "PARSE_SYNTAX_ERROR"),
    ],
)
def test_statements_that_cannot_run_fail_with_their_class(
    site: SimulatedWorkspaces, client: WorkspaceClient, statement: str, condition: str
) -> None:
    site.statements.rules = StatementRules(
        slow_every=0,
        closed=frozenset({"system.billing", "system.query.history"}),
        absent={"system.access.audit": frozenset({"version"})},
    )
    assert failure_of(client, statement).startswith(f"[{condition}")


def test_what_is_refused_is_an_error_of_the_api(client: WorkspaceClient) -> None:
    api = client.statement_execution
    with pytest.raises(ResourceDoesNotExist, match="SQL warehouse"):
        api.execute_statement("select 1", "0" * 16)
    with pytest.raises(InvalidParameterValue, match="not a valid endpoint id"):
        api.execute_statement("select 1", "mine")
    with pytest.raises(InvalidParameterValue, match="wait_timeout"):
        ask(client, "select 1", wait_timeout="3s")
    with pytest.raises(InvalidParameterValue, match="not empty"):
        ask(client, " ")
    with pytest.raises(ResourceDoesNotExist):
        api.get_statement("01f1-gone")
    done = ask(client, "select * from system.access.workspaces_latest").statement_id
    with pytest.raises(InvalidParameterValue, match="Chunk 9"):
        api.get_statement_result_chunk_n(str(done), 9)


def test_what_happens_while_served_is_there_at_once(
    site: SimulatedWorkspaces, client: WorkspaceClient
) -> None:
    statement = "select count(*) from system.access.audit"
    before = int(rows_of(client, statement)[0][0])
    site.ask(HISTORY.spaces[0].space_id, "How many orders came today?")
    after = int(rows_of(client, statement)[0][0])
    assert after > before
    assert int(rows_of(client, statement)[0][0]) == after, "and only once"


def test_rows_may_come_late(site: SimulatedWorkspaces, client: WorkspaceClient) -> None:
    old = next(iter(audit_rows(HISTORY))) | {"event_id": "late"}
    site.statements.tables.add("system.access.audit", [old])
    found = rows_of(
        client, "select unix_millis(event_time) from system.access.audit where event_id = 'late'"
    )
    assert len(found) == 1


def test_faults_hit_statements_too(site: SimulatedWorkspaces, client: WorkspaceClient) -> None:
    ask(client, "select * from system.access.workspaces_latest")
    site.set_faults(Faults(error_500=1.0))
    try:
        with pytest.raises(InternalError):
            ask(client, "select * from system.access.workspaces_latest")
    finally:
        site.set_faults(Faults())
