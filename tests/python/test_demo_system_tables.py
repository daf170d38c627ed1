"""The simulated system tables agree with the messages of the history."""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.answers import answer
from demo.billing import price_rows, usage_rows
from demo.files import write_system_tables
from demo.history import History, HistoryOptions, build_history
from demo.model import Channel, Fate
from demo.ordering import in_time_order
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT.parent / "shared/facts/samples/system_table_schemas.describe_extended.json"
ASKS = {
    "createConversationMessage",
    "genieStartConversationMessage",
    "genieCreateConversationMessage",
}
FEEDBACK = {"updateConversationMessageFeedback", "genieSendMessageFeedback"}


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END))


@pytest.fixture(scope="module")
def audit(history: History) -> list[dict]:
    return list(audit_rows(history))


@pytest.fixture(scope="module")
def statements(history: History) -> list[dict]:
    return list(query_history_rows(history))


def result_of(row: dict) -> dict:
    return json.loads(row["response"]["result"] or "{}")


def test_every_message_was_asked_exactly_once(history: History, audit: list[dict]) -> None:
    asked = defaultdict(dict)
    for row in audit:
        if row["action_name"] in ASKS and row["response"]["status_code"] == 200:
            asked[row["request_id"]] |= result_of(row)

    assert Counter(ids["message_id"] for ids in asked.values()) == Counter(
        message.message_id for message in history.messages
    )
    by_message = {ids["message_id"]: ids for ids in asked.values()}
    for message in history.messages:
        thread, found = message.conversation, by_message[message.message_id]
        assert found["conversation_id"] == thread.conversation_id
        assert found["space_id"] == thread.space.space_id
        assert found["user_id"] == thread.author.user_id


def test_asking_never_names_the_message_in_its_parameters(audit: list[dict]) -> None:
    asks = [row for row in audit if row["action_name"] in ASKS]
    starts = [row for row in asks if row["action_name"] == "genieStartConversationMessage"]

    assert all("message_id" not in row["request_params"] for row in asks)
    assert starts
    assert all("conversation_id" not in row["request_params"] for row in starts)


def test_refused_questions_have_a_status_and_no_ids(audit: list[dict]) -> None:
    refused = [
        row for row in audit if row["action_name"] in ASKS and row["response"]["status_code"] != 200
    ]

    assert {row["response"]["status_code"] for row in refused} <= {400, 429}
    assert 8 <= len(refused) <= 40
    assert all(row["response"]["result"] is None for row in refused)
    assert all(row["response"]["error_message"] for row in refused)


def test_audit_rows_are_in_order_and_few_are_repeated(audit: list[dict]) -> None:
    times = [row["event_time"] for row in audit]
    repeated = [count for count in Counter(row["event_id"] for row in audit).values() if count > 1]

    assert times == sorted(times)
    assert times[-1] <= "2026-11-02T16:30:00.000Z"
    assert 1 <= len(repeated) <= 40
    assert all(row["event_date"] == row["event_time"][:10] for row in audit)
    assert all(isinstance(value, str) for row in audit for value in row["request_params"].values())


def test_the_channel_shows_in_action_and_user_agent(history: History, audit: list[dict]) -> None:
    channels = {one.message_id: one.conversation.channel for one in history.messages}
    for row in audit:
        if row["action_name"] in ASKS and "message_id" in result_of(row):
            is_ui = channels[result_of(row)["message_id"]] is Channel.UI
            assert row["user_agent"].startswith("Mozilla/") == is_ui
            assert row["action_name"].startswith("genie") != is_ui


def test_the_last_rating_in_the_log_is_the_one_on_the_message(
    history: History, audit: list[dict]
) -> None:
    logged = {}
    for row in audit:
        if row["action_name"] in FEEDBACK:
            params = row["request_params"]
            rating = params.get("feedback_rating") or params["rating"]
            logged[params["message_id"]] = rating

    assert logged == {
        one.message_id: one.ratings[-1].rating for one in history.messages if one.ratings
    }
    assert any(len(one.ratings) > 1 for one in history.messages)


def test_deletions_cancellations_and_regenerations_are_logged(
    history: History, audit: list[dict]
) -> None:
    logged = defaultdict(set)
    for row in audit:
        logged[row["action_name"]].add(row["request_params"].get("message_id"))

    messages = history.messages
    assert logged["deleteConversationMessage"] == {
        one.message_id for one in messages if one.deleted_ms is not None
    }
    assert logged["cancelMessage"] == {
        one.message_id for one in messages if one.fate is Fate.CANCELLED
    }
    assert logged["regenerateConversationMessage"] == {
        one.message_id for one in messages if one.regenerated_ms is not None
    }


def test_new_spaces_are_named_only_in_the_result(history: History, audit: list[dict]) -> None:
    made = [row for row in audit if row["action_name"] in {"createSpace", "genieCreateSpace"}]

    assert {result_of(row)["space_id"] for row in made} == {
        space.space_id for space in history.spaces
    }
    assert all("space_id" not in row["request_params"] for row in made)


def test_our_own_reads_are_in_the_log_under_our_application_id(
    history: History, audit: list[dict]
) -> None:
    own = [row for row in audit if row["user_identity"]["email"] == history.observer.name]

    assert {row["action_name"] for row in own} == {
        "genieListConversationMessages",
        "genieGetConversationMessage",
    }
    assert all("databricks-sdk-py" in row["user_agent"] for row in own)
    assert sum(row["service_name"] == "genie" for row in audit) >= 3


def test_every_statement_of_an_answer_is_in_the_query_history(
    history: History, statements: list[dict]
) -> None:
    by_id = {row["statement_id"]: row for row in statements}
    assert len(by_id) == len(statements)

    for message in history.messages:
        for statement in () if message.is_in_flight else answer(message).statements:
            row = by_id.pop(statement.statement_id)
            space_id = message.conversation.space.space_id
            assert row["query_source"]["genie_space_id"] == space_id
            assert row["statement_text"] == statement.sql
            assert row["execution_status"] == statement.status
            assert bool(row["error_message"]) == (statement.status == "FAILED")
            assert message.created_ms < statement.start_ms < statement.end_ms
            assert statement.end_ms < message.finished_ms
    rest = Counter(row["query_source"]["genie_space_id"] is None for row in by_id.values())
    assert rest[True] == 400
    assert rest[False] == 72


def test_durations_of_a_statement_add_up(statements: list[dict]) -> None:
    parts = (
        "waiting_for_compute_duration_ms",
        "waiting_at_capacity_duration_ms",
        "compilation_duration_ms",
        "execution_duration_ms",
        "result_fetch_duration_ms",
    )
    for row in statements:
        assert sum(row[part] for part in parts) == row["total_duration_ms"]
        took = datetime.fromisoformat(row["end_time"]) - datetime.fromisoformat(row["start_time"])
        assert took == timedelta(milliseconds=row["total_duration_ms"])


@pytest.mark.skipif(not SCHEMAS.exists(), reason="needs the schemas of the real system tables")
def test_columns_are_those_of_the_real_tables(
    history: History, audit: list[dict], statements: list[dict]
) -> None:
    schemas = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    tables = {
        "system.access.audit": audit[0],
        "system.access.workspaces_latest": next(workspaces_rows(history, {})),
        "system.query.history": statements[0],
        "system.billing.usage": next(usage_rows(history)),
        "system.billing.list_prices": next(price_rows(history)),
    }
    for name, row in tables.items():
        assert set(row) == {column["name"] for column in schemas[name]}
        for column in schemas[name]:
            # of the bill's structs, only the fields that concern Genie
            is_narrow = name == "system.billing.usage" or row[column["name"]] is None
            if column["type"].startswith("struct<") and not is_narrow:
                flat = re.sub(r"struct<[^<>]*>", "struct", column["type"][7:-1])
                assert set(row[column["name"]]) == set(re.findall(r"(\w+):", flat))


def test_workspace_addresses_are_null_unless_given(history: History) -> None:
    first = history.workspaces[0].workspace_id

    rows = list(workspaces_rows(history, {first: "http://127.0.0.1:1"}))

    assert [row["workspace_url"] for row in rows] == ["http://127.0.0.1:1", None]


def test_files_are_whole_and_keep_text_as_it_was(history: History, tmp_path: Path) -> None:
    files = write_system_tables(history, {}, tmp_path / "new")

    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "audit.jsonl",
        "billing_usage.jsonl",
        "list_prices.jsonl",
        "query_history.jsonl",
        "warehouse_hours.jsonl",
        "workspaces.jsonl",
    ]
    lines = files["audit"].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(audit_rows(history))


def test_batches_are_merged_by_time_without_waiting_for_the_last() -> None:
    seen = []

    def batches():
        for floor, items in ((0, [5, 1]), (2, [9, 2]), (6, [6])):
            seen.append(floor)
            yield floor, items

    merged = in_time_order(batches(), lambda item: item)

    assert next(merged) == 1
    assert seen == [0, 2]
    assert list(merged) == [2, 5, 6, 9]
