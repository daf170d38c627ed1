from __future__ import annotations

import json

import pytest

from ingest.text import canonical_json
from warehouse.text import scrub

SECRETS = [
    "dapi0123456789abcdef0123456789abcdef-2",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "hunter2",
]


@pytest.mark.parametrize(
    "text",
    [
        f"401 for token {SECRETS[0]}",
        f"header Authorization: Bearer {SECRETS[1]} refused",
        f"client_secret={SECRETS[2]}&grant_type=x",
        f"https://ada:{SECRETS[2]}@host.example/path refused",
        f"no. Config: host=https://h, client_id=c, token={SECRETS[0]}. Env: DATABRICKS_TOKEN",
    ],
)
def test_error_texts_lose_their_secrets(text: str) -> None:
    assert not [secret for secret in SECRETS if secret in scrub(text)]


def test_error_texts_lose_the_configuration_of_the_sdk_and_keep_the_fault() -> None:
    text = "You need more permissions. Config: host=https://h, client_id=c. Env: DATABRICKS_HOST"
    assert scrub(text) == "You need more permissions"


def test_error_texts_are_one_short_line() -> None:
    line = scrub("first\nsecond " + "x" * 1000)
    assert "\n" not in line
    assert len(line) == 500


def test_json_is_compact_ordered_and_unescaped() -> None:
    value = {"b": [1, 2.5, None, True], "a": "\u00e9\U0001f600"}
    assert canonical_json(value) == '{"b":[1,2.5,null,true],"a":"\u00e9\U0001f600"}'


def test_json_holds_nothing_that_an_engine_refuses() -> None:
    text = canonical_json({"nul": "a\0b", "half": "\ud83d", "escaped": "\\u0000"})
    text.encode("utf-8")
    assert json.loads(text) == {"nul": "a\ufffdb", "half": "\ufffd", "escaped": "\\u0000"}
