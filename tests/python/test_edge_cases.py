"""Payloads as they should not be, and as they really are, through landing, silver and gold."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from harness import SHARED, Project

from ingest.recording import BatchWriter
from ingest.text import canonical_json
from warehouse import DuckDBWarehouse
from warehouse.landing import ALL_TABLES, FETCH_ATTEMPTS, MESSAGES

CREATED = 1_760_000_000_000
RIGHT_TO_LEFT = "\u05de\u05d4 \u05d4\u05de\u05db\u05d9\u05e8\u05d5\u05ea?"
LONG = "select '" + "x" * 100_000 + "'"


def message(**changes: Any) -> dict[str, Any]:
    return {
        "status": "COMPLETED",
        "content": "How many?",
        "created_timestamp": CREATED,
        "last_updated_timestamp": CREATED + 5_000,
    } | changes


def query(sql: str) -> dict[str, Any]:
    return {"attachment_id": "a", "query": {"query": sql, "statement_id": "s"}}


PAYLOADS = {
    "unknown_status": canonical_json(message(status="PONDERING")),
    "unknown_field": canonical_json(message(mood="sunny", attachments=[{"hologram": {}}])),
    "long_sql": canonical_json(message(attachments=[query(LONG)])),
    "emoji": canonical_json(message(content="\U0001f9de \u200d" + RIGHT_TO_LEFT)),
    "lone_surrogate_and_nul": canonical_json(message(content="a\ud83db\0c")),
    "seconds": canonical_json(message(created_timestamp=CREATED // 1000)),
    "text_numbers": canonical_json(message(created_timestamp=str(CREATED))),
    "not_json": "<html>Bad gateway</html>",
    "wrong_types": canonical_json(
        message(content={"a": 1}, attachments="none", created_timestamp="soon", error="x")
    ),
    "empty": "{}",
    "nulls": canonical_json(dict.fromkeys(message(attachments=None, feedback=None))),
}


def real_samples() -> dict[str, str]:
    folder = SHARED / "facts" / "samples"
    return {
        path.name: canonical_json(json.loads(path.read_text()))
        for path in folder.glob("genie_message.*.json")
    }


@pytest.fixture(scope="module")
def details(make_project: Callable[[], Project]) -> dict[str, dict[str, Any]]:
    """The row of message_details of each payload, by name."""
    project = make_project()
    warehouse = DuckDBWarehouse(project.database)
    warehouse.create_tables(ALL_TABLES)
    writer = BatchWriter(warehouse)
    for name, payload in (PAYLOADS | real_samples()).items():
        row = {
            "workspace_id": "1",
            "space_id": "space",
            "conversation_id": "conversation",
            "message_id": name,
            "fetched_at": datetime.now(UTC),
        }
        writer.add(MESSAGES, row | {"payload": payload})
        writer.add(FETCH_ATTEMPTS, row | {"resource": "message", "outcome": "fetched"})
    writer.flush()
    project.dbt("build", "--exclude-resource-type", "unit_test")
    rows = project.query("select * from genie_analytics.message_details")
    return {row["message_id"]: row for row in rows}


def test_nothing_is_lost(details: dict[str, dict[str, Any]]) -> None:
    assert set(PAYLOADS) <= set(details)


def test_unknown_statuses_are_kept(details: dict[str, dict[str, Any]]) -> None:
    assert details["unknown_status"]["status"] == "PONDERING"


def test_unknown_fields_and_attachments_are_kept(details: dict[str, dict[str, Any]]) -> None:
    row = details["unknown_field"]
    assert row["attachments_count"] == 1
    assert row["attachments_json"] == '[{"hologram":{}}]'
    assert row["query_sql"] is None


def test_long_attachments_are_whole(details: dict[str, dict[str, Any]]) -> None:
    assert details["long_sql"]["query_sql"] == LONG
    assert json.loads(details["long_sql"]["attachments_json"])[0]["query"]["query"] == LONG


def test_every_script_survives(details: dict[str, dict[str, Any]]) -> None:
    assert details["emoji"]["content"] == "\U0001f9de \u200d" + RIGHT_TO_LEFT
    assert details["lone_surrogate_and_nul"]["content"] == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("name", ["seconds", "text_numbers"])
def test_times_of_either_unit_are_milliseconds(
    details: dict[str, dict[str, Any]], name: str
) -> None:
    assert details[name]["created_timestamp"] == CREATED
    assert details[name]["latency_seconds"] == 5


@pytest.mark.parametrize("name", ["not_json", "wrong_types", "empty", "nulls"])
def test_broken_payloads_give_rows_with_nulls(
    details: dict[str, dict[str, Any]], name: str
) -> None:
    row = details[name]
    assert row["api_fetch_status"] == "SUCCESS"
    assert row["created_timestamp"] is None
    assert row["statement_count"] == 0


def test_the_captured_messages_are_read(
    details: dict[str, dict[str, Any]], shared_samples: Path
) -> None:
    with_query = details["genie_message.completed_query.json"]
    sample = json.loads((shared_samples / "genie_message.completed_query.json").read_text())
    statement = sample["attachments"][0]["query"]
    assert with_query["content"] == sample["content"]
    assert with_query["query_sql"] == statement["query"]
    assert with_query["query_description"] == statement["description"]
    assert with_query["statement_id"] == statement["statement_id"]
    assert with_query["created_timestamp"] == sample["created_timestamp"]
    assert with_query["latency_seconds"] == pytest.approx(6.659)
    text_only = details["genie_message.completed_text_only.json"]
    assert text_only["status"] == "COMPLETED"
    assert text_only["query_sql"] is None
    assert text_only["attachments_count"] == 2
