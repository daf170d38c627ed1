from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from harness import Project

from demo.history import History, HistoryOptions, build_history
from demo.payloads import message_payload
from demo.server import SimulatedWorkspaces
from demo.system_tables import audit_rows, query_history_rows
from ingest.errors import IngestError
from ingest.privacy import REDACTED, Privacy

KEY = "a-key-of-at-least-sixteen-characters"
END = datetime(2026, 11, 20, 15, tzinfo=UTC)
HASHED, REDACTING = Privacy("hashed", KEY), Privacy("redacted", KEY)


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=200, in_flight=0))


def identities(history: History) -> list[str]:
    everyone = history.people
    return [
        *(person.name for person in everyone),
        *(str(person.user_id) for person in everyone),
        *(person.address for person in everyone),
        *(person.display_name for person in everyone),
    ]


def found(needles: list[str], text: str) -> list[str]:
    return [needle for needle in needles if needle in text]


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@pytest.mark.parametrize("privacy", [HASHED, REDACTING], ids=["hashed", "redacted"])
def test_no_identity_is_left_in_any_row(history: History, privacy: Privacy) -> None:
    rows = [*audit_rows(history), *query_history_rows(history)]
    assert found(identities(history), text_of(rows))
    private = [privacy.row(row) for row in rows]
    assert found(identities(history), text_of(private)) == []


@pytest.mark.parametrize("privacy", [HASHED, REDACTING], ids=["hashed", "redacted"])
def test_no_identity_is_left_in_any_message(history: History, privacy: Privacy) -> None:
    now_ms = int(END.timestamp() * 1000)
    private = [privacy.payload(message_payload(m, now_ms)) for m in history.messages]
    assert found(identities(history), text_of(private)) == []


def test_ids_states_and_times_are_kept(history: History) -> None:
    kept = ("message_id", "space_id", "conversation_id", "status", "created_timestamp")
    for message in history.messages:
        payload = message_payload(message, 0)
        private = REDACTING.payload(payload)
        assert {key: private[key] for key in kept} == {key: payload[key] for key in kept}
        assert len(private.get("attachments", [])) == len(payload.get("attachments", []))


def test_redacted_messages_hold_no_text(history: History) -> None:
    for message in history.messages:
        private = REDACTING.payload(message_payload(message, 0))
        assert private["content"] == REDACTED
        assert message.content not in text_of(private)


def test_fields_that_nobody_knows_are_redacted() -> None:
    payload = {"message_id": "m", "mood": "sad", "new": {"thing": ["a secret"]}, "count": 3}
    assert REDACTING.payload(payload) == {
        "message_id": "m",
        "mood": REDACTED,
        "new": {"thing": [REDACTED]},
        "count": 3,
    }


def test_sql_keeps_its_shape_and_loses_its_literals() -> None:
    sql = "SELECT a, 1.5 FROM t WHERE name = 'Ada Lovelace' AND n > 42 -- for Ada"
    private = text_of(REDACTING.payload({"query": {"query": sql}}))
    assert found(["Ada", "42", "1.5"], private) == []
    assert "WHERE name = ? AND n > ?" in private
    broken = REDACTING.payload({"query": {"query": "SELECT FROM 'Ada WHERE"}})
    assert broken == {"query": {"query": REDACTED}}


def test_statements_of_the_query_history_are_redacted() -> None:
    row = {"statement_text": "select 'Ada'", "error_message": "no Ada", "statement_id": "s"}
    private = REDACTING.row(row)
    assert private == {
        "statement_text": "SELECT ?",
        "error_message": REDACTED,
        "statement_id": "s",
    }
    assert HASHED.row(row) == row


def test_a_value_is_hashed_alike_everywhere_and_once() -> None:
    row = HASHED.row({"user_identity": {"email": "Ada@Example.com"}})
    hashed = row["user_identity"]["email"]
    assert hashed.startswith("person-")
    assert HASHED.payload({"content": "ask ada@example.com, please"}) == {
        "content": f"ask {hashed}, please"
    }
    assert HASHED.row(row) == row
    other = Privacy("hashed", KEY + "!").row({"user_identity": {"email": "ada@example.com"}})
    assert other["user_identity"]["email"] != hashed


def test_maps_in_json_text_are_seen() -> None:
    row = {"request_params": '{"user_id": "77", "feedback_rating": "POSITIVE"}'}
    private = json.loads(HASHED.row(row)["request_params"])
    assert private["feedback_rating"] == "POSITIVE"
    assert private["user_id"].startswith("person-")


def test_service_principals_keep_their_id() -> None:
    row = {"user_identity": {"email": "6f3b2a54-0c1d-4e8a-9b77-2d5c81e0a4f6"}}
    assert HASHED.row(row) == row


def test_curated_texts_of_spaces_stay_and_identities_go() -> None:
    space = {"title": "Sales", "parent_path": "/Users/ada@example.com", "etag": "1"}
    private = REDACTING.space(space)
    assert private["title"] == "Sales"
    assert "ada@" not in private["parent_path"]


def test_full_changes_nothing() -> None:
    payload = {"user_id": 1, "content": "ada@example.com"}
    assert Privacy().payload(payload) is payload


def test_modes_and_keys_are_checked() -> None:
    with pytest.raises(IngestError, match="not a mode"):
        Privacy("none")
    with pytest.raises(IngestError, match="GENIE_PII_KEY"):
        Privacy("hashed", "short")


@pytest.mark.slow
def test_nothing_private_is_stored_or_built(
    history: History,
    make_project: Callable[[], Project],
    serve: Callable[..., SimulatedWorkspaces],
) -> None:
    site = serve(history)
    project = make_project()
    project.sign_in(history)
    project.extra |= {"GENIE_PII_MODE": "redacted", "GENIE_PII_KEY": KEY}
    project.load(history, site.urls)
    project.build_work_lists()
    project.ingest("spaces", expect=2)
    project.ingest("messages", expect=2)
    project.dbt("build", "--exclude-resource-type", "unit_test")
    relations = project.query(
        "select table_schema || '.' || table_name as name from information_schema.tables"
    )
    # sample questions and benchmarks of a space are its curators' texts, whoever asks the same
    curated = "".join(space.serialized_space for space in history.spaces)
    asked = [m.content for m in history.messages if m.content not in curated]
    assert asked
    private = [*identities(history), KEY, *asked]
    for relation in relations:
        rows = project.query(f"select * from {relation['name']}")
        assert found(private, text_of(rows)) == [], relation
    assert project.value("select count(distinct user_email) from genie_silver.silver_events") > 5
