"""From audit events to marts, over real HTTP, with the real SDK and the real dbt."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pytest
from harness import Project

from demo.history import History, HistoryOptions, build_history
from demo.model import Message
from demo.payloads import message_payload
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)

pytestmark = pytest.mark.slow


@dataclass
class Pipeline:
    project: Project
    history: History
    site: SimulatedWorkspaces
    first_output: str


@pytest.fixture(scope="module")
def pipeline(
    make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]
) -> Pipeline:
    history = build_history(HistoryOptions(end=END, messages=400, deleted_share=0.01))
    site = serve(history)
    project = make_project()
    project.sign_in(history)
    project.load(history, site.urls)
    project.build_work_lists()
    project.ingest("spaces", expect=2)
    first = project.ingest("messages", expect=2)
    project.dbt("build", "--exclude-resource-type", "unit_test")
    return Pipeline(project, history, site, first.stdout)


def is_reachable(message: Message) -> bool:
    return message.deleted_ms is None and not message.conversation.space.is_restricted


def test_every_reachable_message_is_stored_as_the_api_gave_it(pipeline: Pipeline) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    reachable = {
        message.message_id: message_payload(message, now_ms)
        for message in pipeline.history.messages
        if is_reachable(message)
    }
    rows = pipeline.project.query(
        "select * from genie_analytics.message_details where status is not null"
    )
    assert {row["message_id"] for row in rows} == set(reachable)
    for row in rows:
        payload = reachable[row["message_id"]]
        assert row["content"] == payload["content"]
        assert row["status"] == payload["status"]
        assert row["created_timestamp"] == payload["created_timestamp"]
        assert row["updated_timestamp"] == payload["last_updated_timestamp"]
        assert row["user_id"] == str(payload["user_id"])
        assert row["error_type"] == payload.get("error", {}).get("type")
        attachments = payload.get("attachments", [])
        assert row["attachments_count"] == len(attachments)
        assert json.loads(row["attachments_json"] or "[]") == attachments
        statements = [a["query"]["query"] for a in attachments if "query" in a]
        assert row["statement_count"] == len(statements)
        assert row["query_sql"] in (statements or [None])


def test_every_other_message_waits_with_its_reason(pipeline: Pipeline) -> None:
    rows = pipeline.project.query(
        "select message_id, fetch_state, reason, attempts"
        " from genie_analytics.genie_messages_to_fetch where fetch_state <> 'settled'"
    )
    expected = {
        message.message_id: (
            "AUTH_ERROR" if message.conversation.space.is_restricted else "NOT_FOUND"
        )
        for message in pipeline.history.messages
        if not is_reachable(message)
    }
    assert {row["message_id"]: row["reason"].split(":")[0] for row in rows} == expected
    assert {(row["fetch_state"], row["attempts"]) for row in rows} == {("waiting", 1)}
    errors = pipeline.project.query(
        "select message_id, error_type, retry_count, resolved"
        " from genie_analytics.message_fetch_errors"
    )
    assert {row["message_id"]: row["error_type"] for row in errors} == expected
    assert all(row["retry_count"] == 0 and not row["resolved"] for row in errors)


def test_few_calls_fetch_all(pipeline: Pipeline) -> None:
    fetched = pipeline.site.calls["list_messages"] + pipeline.site.calls["get_message"]
    assert 0 < fetched <= 0.2 * len(pipeline.history.messages)
    assert f"in {fetched} API calls" in pipeline.first_output


def test_a_second_ingest_fetches_nothing_and_needs_no_dbt_run(pipeline: Pipeline) -> None:
    before = pipeline.site.calls.copy()
    assert "nothing to fetch" in pipeline.project.ingest("messages", "--dry-run").stdout
    assert "nothing new" in pipeline.project.ingest("messages").stdout
    assert pipeline.site.calls == before


def test_a_second_run_of_spaces_lands_nothing(pipeline: Pipeline) -> None:
    count = "select count(*) from genie_raw.spaces"
    before = pipeline.project.value(count)
    pipeline.project.ingest("spaces", expect=2)
    assert pipeline.project.value(count) == before > 0


def test_statements_find_their_place_in_the_query_history(pipeline: Pipeline) -> None:
    rows = pipeline.project.query(
        "select * from genie_analytics.message_details where statement_id is not null"
    )
    # what was in flight when the history ended ran after it
    late = {message.message_id for message in pipeline.history.messages if message.is_in_flight}
    logged = [row for row in rows if row["message_id"] not in late]
    assert logged
    for row in logged:
        assert row["query_execution_status"] in ("FINISHED", "FAILED", "CANCELED")
        assert row["query_duration_ms"] >= 0
        assert row["query_start_time"] <= row["query_end_time"]
        assert row["query_warehouse_id"]


def test_every_generated_statement_is_taken_apart(pipeline: Pipeline) -> None:
    rows = pipeline.project.query("select * from genie_analytics.genie_generated_sql")
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    written = [
        attachment["query"]["query"]
        for message in pipeline.history.messages
        if is_reachable(message)
        for attachment in message_payload(message, now_ms).get("attachments", [])
        if "query" in attachment
    ]
    assert Counter(row["query_sql"] for row in rows) == Counter(written)
    for row in rows:
        named = re.findall(r"(?:FROM|JOIN) ((?:`\w+`\.)+`\w+`)", row["query_sql"])
        tables = sorted({name.replace("`", "") for name in named})
        assert json.loads(row["tables_json"]) == tables != []
        assert row["is_unparsable"] is False
    finals = pipeline.project.query(
        "select message_id, query_sql from genie_analytics.message_details"
        " where query_sql is not null"
    )
    assert {row["message_id"]: row["query_sql"] for row in finals} == {
        row["message_id"]: row["query_sql"] for row in rows if row["is_final"]
    }


def test_space_metrics_count_what_was_asked(pipeline: Pipeline) -> None:
    rows = pipeline.project.query("select * from genie_analytics.genie_space_metrics")
    counted = {row["space_id"]: row for row in rows}
    for space in pipeline.history.spaces:
        asked = [m for m in pipeline.history.messages if m.conversation.space is space]
        row = counted[space.space_id]
        assert row["message_count"] == len(asked)
        conversations = {message.conversation.conversation_id for message in asked}
        assert row["conversation_count"] == len(conversations)
        assert row["space_name"] == (None if space.is_restricted else space.title)


def test_space_details_count_the_configuration(pipeline: Pipeline) -> None:
    rows = pipeline.project.query("select * from genie_analytics.genie_space_details")
    visible = {s.space_id: s for s in pipeline.history.spaces if not s.is_restricted}
    assert {row["space_id"] for row in rows} == set(visible)
    for row in rows:
        space = visible[row["space_id"]]
        config = json.loads(space.serialized_space)
        assert row["title"] == space.title
        assert row["configuration_version"] == config["version"]
        tables = config.get("data_sources", {}).get("tables", [])
        assert row["table_count"] == len(tables)
        assert row["column_count"] == sum(len(t.get("column_configs", [])) for t in tables)
        assert row["join_count"] == len(config.get("instructions", {}).get("join_specs", []))
        assert row["benchmark_count"] == len(config.get("benchmarks", {}).get("questions", []))


def test_validation_tells_the_gap(pipeline: Pipeline) -> None:
    (row,) = pipeline.project.query("select * from genie_analytics.genie_pipeline_validation")
    unreachable = [m for m in pipeline.history.messages if not is_reachable(m)]
    assert row["message_count"] == len(pipeline.history.messages)
    assert row["missing_count"] == row["waiting_count"] == len(unreachable) > 0
    assert row["fetched_count"] == len(pipeline.history.messages) - len(unreachable)
    assert row["verdict"] == "waiting"
    assert row["unknown_action_count"] == 0


def test_status_says_what_waits(pipeline: Pipeline) -> None:
    text = pipeline.project.ingest("status").stdout
    for word in ("settled", "waiting", "AUTH_ERROR", "NOT_FOUND", "messages to fetch", "gap"):
        assert word in text
    lines = pipeline.project.ingest("status", "--log-format", "json").stdout.splitlines()
    assert {json.loads(line)["message"] for line in lines} == {
        "messages by state",
        "health: waiting",
    }


def test_message_details_hold_no_identity(pipeline: Pipeline) -> None:
    rows = pipeline.project.query("select * from genie_analytics.message_details")
    names = [person.name for person in pipeline.history.people]
    stored = "\n".join(str(value) for row in rows for value in row.values())
    assert not [name for name in names if name in stored]


def test_a_full_refresh_gives_the_same_rows_after_the_sources_expired(
    pipeline: Pipeline,
) -> None:
    ordered = "select * exclude (source_loaded_at) from genie_analytics.message_details order by 1"
    before = pipeline.project.query(ordered)
    with duckdb.connect(str(pipeline.project.database)) as connection:
        connection.execute("delete from genie_raw.audit")
        connection.execute("delete from genie_raw.query_history")
    pipeline.project.dbt("run", "--full-refresh")
    assert pipeline.project.query(ordered) == before


def test_late_events_change_what_they_concern(pipeline: Pipeline) -> None:
    """Must be last: it adds an event."""
    message = next(m for m in pipeline.history.messages if is_reachable(m) and not m.ratings)
    conversation = message.conversation
    now = datetime.now(UTC).isoformat()
    event = {
        "workspace_id": conversation.space.workspace.workspace_id,
        "event_time": now,
        "event_id": "late-feedback",
        "service_name": "aibiGenie",
        "action_name": "updateConversationMessageFeedback",
        "request_params": {
            "space_id": conversation.space.space_id,
            "conversation_id": conversation.conversation_id,
            "message_id": message.message_id,
            "feedback_rating": "NEGATIVE",
        },
        "response": {"status_code": 200},
    }
    path = pipeline.project.folder / "late.jsonl"
    path.write_text(json.dumps(event))
    pipeline.project.ingest("load-files", "--table", "audit", str(path))
    pipeline.project.dbt("run")
    row = pipeline.project.query(
        "select fetch_state, reason from genie_analytics.genie_messages_to_fetch"
        " where message_id = ?",
        [message.message_id],
    )
    assert row == [{"fetch_state": "changed", "reason": "changed after the last fetch"}]
    rating = pipeline.project.value(
        "select feedback_rating from genie_analytics.message_details where message_id = ?",
        [message.message_id],
    )
    assert rating == "NEGATIVE"
    pipeline.project.ingest("messages")
    assert "nothing to fetch" in pipeline.project.ingest("messages", "--dry-run").stdout
