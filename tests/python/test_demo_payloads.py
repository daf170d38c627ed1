"""Bodies of the simulated API against the SDK's types and captured bodies of the real one."""

import dataclasses
import json
import types
import typing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databricks.sdk.service import dashboards

from demo.errors import not_found
from demo.history import History, HistoryOptions, build_history
from demo.payloads import conversation_payload, message_payload, page_payload, space_payload

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared/facts/samples"


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END))


def assert_known(kind: type, body: dict) -> None:
    """Every key of the body is a field of the SDK's dataclass, and so inside it."""
    hints = typing.get_type_hints(kind, vars(dashboards))
    assert set(body) <= {field.name for field in dataclasses.fields(kind)}
    for key, value in body.items():
        inner = innermost(hints[key])
        if dataclasses.is_dataclass(inner):
            for entry in value if isinstance(value, list) else [value]:
                assert_known(inner, entry)


def innermost(hint: object) -> type:
    while typing.get_args(hint):
        hint = next(one for one in typing.get_args(hint) if one is not types.NoneType)
    return hint


@pytest.fixture(scope="module")
def messages(history: History) -> list[dict]:
    now_ms = history.options.end_ms
    return [message_payload(message, now_ms) for message in history.messages]


@pytest.fixture(scope="module")
def spaces(history: History) -> list[dict]:
    return [space_payload(space, with_serialized_space=True) for space in history.spaces]


def test_the_sdk_knows_every_key_of_messages(messages: list[dict]) -> None:
    known = [
        {key: value for key, value in body.items() if key != "auto_regenerate_count"}
        for body in messages
    ]

    # The service sends it on every message and the SDK has no field for it.
    assert all(isinstance(body["auto_regenerate_count"], int) for body in messages)
    page = page_payload("messages", known, "more")
    assert_known(dashboards.GenieListConversationMessagesResponse, page)


def test_the_sdk_knows_every_key_of_spaces_and_conversations(
    history: History, spaces: list[dict]
) -> None:
    threads = [conversation_payload(message.conversation) for message in history.messages]

    page = page_payload("conversations", threads, "more")
    assert_known(dashboards.GenieListConversationsResponse, page)
    assert_known(dashboards.GenieListSpacesResponse, page_payload("spaces", spaces, "more"))


def test_an_empty_page_has_no_keys() -> None:
    assert page_payload("spaces", [], None) == {}


def test_a_message_has_no_empty_value(messages: list[dict]) -> None:
    for body in messages:
        assert all(value not in (None, "", [], {}) for value in body.values())
        for attachment in body.get("attachments", []):
            kinds = set(attachment) & {"query", "text", "suggested_questions"}
            assert len(kinds) == 1


def key_paths(node: object, prefix: str = "") -> set[str]:
    if isinstance(node, dict):
        return {
            path
            for key, value in node.items()
            for path in {f"{prefix}.{key}", *key_paths(value, f"{prefix}.{key}")}
        }
    if isinstance(node, list):
        return {path for value in node for path in key_paths(value, f"{prefix}[]")}
    return set()


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs captured payloads of the real API")
def test_we_send_every_key_of_captured_messages_in_their_order(messages: list[dict]) -> None:
    ours = key_paths(messages)
    orders = {tuple(body) for body in messages}

    for path in SAMPLES.glob("genie_message.*.json"):
        captured = json.loads(path.read_text(encoding="utf-8"))
        assert key_paths([captured]) <= ours
        assert tuple(captured) in orders


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs captured payloads of the real API")
def test_our_spaces_have_every_key_of_captured_ones(spaces: list[dict]) -> None:
    ours = key_paths([json.loads(body["serialized_space"]) for body in spaces])

    for name in ("geniespace.nyc_taxi.v2.json", "serialized_space.full_v2_reference.json"):
        captured = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
        assert key_paths([captured]) - ours == set()


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs captured payloads of the real API")
def test_our_errors_have_the_keys_of_a_captured_one() -> None:
    sample = SAMPLES / "genie_error.not_a_query_attachment.json"

    captured = json.loads(sample.read_text(encoding="utf-8"))

    ours = not_found("Message", "0").payload()
    assert list(ours) == list(captured)
    assert key_paths(ours) == key_paths(captured)
