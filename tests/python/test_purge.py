"""Content that is too old goes from every table; what is counted stays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from harness import WORK_LISTS, Project
from marked_content import (
    DAYS,
    END,
    OLD,
    ON,
    YOUNG,
    Site,
    is_old,
    plant,
)

from demo.history import HistoryOptions, build_history
from demo.server import SimulatedWorkspaces
from ingest.privacy import purged_json, purged_text
from ingest.purging import count_content, purge_content, read_retention_days
from ingest.recording import RunCounts
from warehouse import Profile, Warehouse, open_warehouse

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]) -> Site:
    """Everything is fetched, marked and built; nothing is purged."""
    history = build_history(HistoryOptions(end=END, messages=200, in_flight=0, deleted_share=0.02))
    served = serve(history)
    project = make_project()
    project.sign_in(history)
    project.load(history, served.urls)
    site = Site(project, history, served)
    site.build("--select", *WORK_LISTS)
    site.fetch()
    plant(site)
    # what was built of the audit log and the query history had no mark yet
    with duckdb.connect(str(project.database)) as connection:
        for schema in ("genie_bronze", "genie_silver", "genie_analytics"):
            connection.execute(f"drop schema {schema} cascade")
    site.build()
    return site


@dataclass
class Purged:
    """A site after one purge and build.

    Attributes:
        gold: Gold before.
        marked: Columns that held marked content before.
        counts: Rows of the landing tables before.
        told: What the command said.
    """

    site: Site
    gold: dict[str, list[dict[str, Any]]]
    marked: set[str]
    counts: dict[str, int]
    told: str


@pytest.fixture(scope="module")
def ready(site: Site, make_project: Callable[[], Project]) -> Site:
    """A copy whose build was told to keep content for some days only."""
    copy = copy_of(site, make_project)
    copy.build(*ON)
    return copy


@pytest.fixture(scope="module")
def purged(site: Site, ready: Site, make_project: Callable[[], Project]) -> Purged:
    copy = copy_of(ready, make_project)
    counts = landed(copy)
    told = copy.project.ingest("purge").stdout
    copy.build(*ON)
    return Purged(copy, site.gold(), site.holding(OLD), counts, told)


def copy_of(site: Site, make_project: Callable[[], Project]) -> Site:
    project = make_project()
    project.database.write_bytes(site.project.database.read_bytes())
    project.extra |= site.project.extra
    return Site(project, site.history, site.served)


def landed(site: Site) -> dict[str, int]:
    names = [name for name in site.tables() if name.startswith("genie_raw.")]
    counts = {name: site.project.value(f"select count(*) from {name}") for name in names}
    return {name: count for name, count in counts.items() if name != "genie_raw.ingest_runs"}


def warehouse_of(site: Site) -> Warehouse:
    return open_warehouse(Profile("test", "duckdb", {"path": str(site.project.database)}))


def test_off_by_default(site: Site) -> None:
    before = site.project.value("select count(*) from genie_raw.ingest_runs")
    told = site.project.ingest("purge").stdout
    assert told == "retention is off, nothing done: set the var content_retention_days and build\n"
    assert site.project.value("select count(*) from genie_raw.ingest_runs") == before
    assert site.project.value("select count(*) from genie_analytics.genie_content_to_purge") == 0


def test_a_number_of_days_that_is_none_is_refused(site: Site) -> None:
    wrong = json.dumps({"content_retention_days": 0})
    folder = str(site.project.folder / "parsed")
    told = site.project.dbt("parse", "--vars", wrong, "--target-path", folder, expect=2).stdout
    assert "content_retention_days is 0: give a number of days from 1" in told


def test_what_is_too_old_is_nowhere(purged: Purged) -> None:
    layers = {name.split(".")[0] for name in purged.marked}
    assert layers == {"genie_raw", "genie_bronze", "genie_silver", "genie_analytics"}
    assert purged.site.holding(OLD) == set()


def test_what_is_young_is_all_there(purged: Purged) -> None:
    holding = purged.site.holding(YOUNG)
    for column in (
        *("genie_analytics.message_details.content", "genie_analytics.message_details.query_sql"),
        *("genie_analytics.genie_conversations.title", "genie_raw.query_history.statement_text"),
        *("genie_silver.silver_message_comments.content", "genie_raw.audit.request_params"),
        *("genie_analytics.genie_eval_results.question", "genie_raw.fetch_attempts.error_message"),
        *("genie_silver.silver_events.error_message", "genie_silver.silver_messages.content"),
    ):
        assert column in holding, column
    shown = purged.site.project.query(
        f"select message_id from genie_analytics.message_details where content like '%{YOUNG}'"
    )
    young = {
        message.message_id
        for message in purged.site.history.messages
        if not is_old(datetime.fromtimestamp(message.created_ms / 1000, UTC))
        and not message.conversation.space.is_restricted
        and not message.deleted_ms
    }
    assert {row["message_id"] for row in shown} == young


def test_keys_states_and_counts_are_as_before(purged: Purged) -> None:
    gold = purged.site.gold()
    assert gold.keys() == purged.gold.keys()
    differing = {
        name: sorted({key for one, other in zip(rows, before, strict=True) for key in one
                      if one[key] != other[key]})
        for name, rows in gold.items()
        if rows != (before := purged.gold[name])
    }  # fmt: skip
    assert differing == {}
    assert landed(purged.site) == purged.counts
    lengths = (
        "select count(*) from genie_analytics.message_details"
        " where coalesce(json_array_length(attachments_json::json), 0) <> attachments_count"
    )
    assert purged.site.project.value(lengths) == 0


def test_the_command_counts_and_leaves_a_record(purged: Purged) -> None:
    rows = 0
    # besides, a slow purge tells how far it is
    told = (line for line in purged.told.splitlines() if line.endswith(" rows purged"))
    for line in told:
        table, count = line.removesuffix(" rows purged").split(": ")
        marks = f"select count(*) from genie_raw.{table} where batch_id like '%-purged'"
        assert purged.site.project.value(marks) == int(count) > 0, table
        rows += int(count)
    run = purged.site.project.query(
        "select outcome, row_count from genie_raw.ingest_runs"
        " where command = 'purge' and event = 'finish'"
    )
    assert run[0] == {"outcome": "done", "row_count": rows}


def test_a_second_purge_has_nothing_to_do(purged: Purged) -> None:
    nothing = f"nothing to purge: no content is older than {DAYS} days\n"
    assert purged.site.project.ingest("purge").stdout == nothing
    assert purged.site.project.ingest("purge", "--dry-run").stdout == nothing


def test_nothing_purged_is_fetched_again(purged: Purged) -> None:
    before = purged.site.served.calls.copy()
    assert "nothing to fetch" in purged.site.project.ingest("messages", "--dry-run").stdout
    purged.site.project.ingest("messages")
    purged.site.project.ingest("comments")
    assert purged.site.served.calls == before


def test_a_later_build_takes_purged_rows_once(purged: Purged) -> None:
    loaded = " union all ".join(
        f"select '{name}', max(loaded_at) from genie_silver.{name}"
        for name in ("silver_messages", "silver_conversations", "silver_message_comments")
    )
    before = purged.site.project.query(loaded)
    purged.site.build(*ON)
    assert purged.site.project.query(loaded) == before


def test_a_full_refresh_gives_the_same(purged: Purged, make_project: Callable[[], Project]) -> None:
    copy = copy_of(purged.site, make_project)
    tables = {
        "genie_analytics.message_details": "source_loaded_at",
        "genie_analytics.genie_conversations": "",
        "genie_analytics.genie_generated_sql": "source_loaded_at",
        "genie_silver.silver_message_attachments": "loaded_at",
        "genie_silver.silver_conversations": "loaded_at",
        "genie_silver.silver_message_comments": "loaded_at",
        "genie_silver.silver_eval_results": "loaded_at",
        "genie_silver.silver_events": "loaded_at",
    }

    def rows_of(table: str, but: str) -> list[dict[str, Any]]:
        rows = copy.project.query(f"select * from {table}")
        return sorted(({k: v for k, v in row.items() if k != but} for row in rows), key=str)

    before = {table: rows_of(table, but) for table, but in tables.items()}
    copy.build("--full-refresh", *ON)
    for table, but in tables.items():
        assert rows_of(table, but) == before[table], table


def test_what_comes_again_goes_again(purged: Purged, make_project: Callable[[], Project]) -> None:
    """A listing shows every title again, and a changed message is fetched with its question."""
    copy = copy_of(purged.site, make_project)
    message = next(
        message
        for message in copy.history.messages
        if is_old(datetime.fromtimestamp(message.created_ms / 1000, UTC))
        and not message.conversation.space.is_restricted
        and not message.deleted_ms
    )
    copy.served.rate(message.message_id, "NEGATIVE", "not what I asked")
    events = copy.project.folder / "events.jsonl"
    events.write_text("".join(json.dumps(row) + "\n" for row in copy.served.audit_rows()))
    copy.project.ingest("load-files", "--table", "audit", str(events))
    copy.build(*ON)
    copy.project.ingest("conversations", expect=None)
    copy.project.ingest("messages")
    shown = "select payload from genie_raw.messages where message_id = ? order by fetched_at desc"
    newest = copy.project.query(shown, [message.message_id])[0]["payload"]
    assert message.content in newest
    copy.project.ingest("purge")
    copy.build(*ON)
    (details,) = copy.project.query(
        "select content, feedback_rating, feedback_comment from genie_analytics.message_details"
        " where message_id = ?",
        [message.message_id],
    )
    assert details == {
        "content": "[purged]",
        "feedback_rating": "NEGATIVE",
        "feedback_comment": "[purged]",
    }
    for table in ("genie_raw.messages", "genie_silver.silver_messages"):
        column = "payload" if "raw" in table else "content"
        count = f"select count(*) from {table} where message_id = ? and contains({column}, ?)"
        assert copy.project.value(count, [message.message_id, message.content]) == 0
    title = "select title from genie_analytics.genie_conversations where conversation_id = ?"
    assert copy.project.value(title, [message.conversation.conversation_id]) == "[purged]"


def test_attachments_of_an_earlier_fetch_do_not_stay(
    ready: Site, make_project: Callable[[], Project]
) -> None:
    """A message that is fetched again with fewer: nothing would overwrite the others."""
    copy = copy_of(ready, make_project)
    count = "select count(*) from genie_silver.silver_message_attachments where message_id = ?"
    (message,) = copy.project.query(
        "select message_id from genie_silver.silver_message_attachments"
        " where attachment_position = 1 limit 1"
    )
    with duckdb.connect(str(copy.project.database)) as connection:
        connection.execute(
            "insert into genie_raw.messages by name"
            " select * replace ("
            " json_merge_patch(payload::json, '{\"attachments\": []}') as payload,"
            " fetched_at + interval 1 hour as fetched_at, batch_id || '-later' as batch_id)"
            " from genie_raw.messages where message_id = ?",
            [message["message_id"]],
        )
    assert copy.project.value(count, [message["message_id"]]) > 1
    copy.build(*ON)
    assert copy.project.value(count, [message["message_id"]]) == 0


def test_a_stopped_purge_is_whole_in_what_it_did_and_goes_on(
    ready: Site, make_project: Callable[[], Project]
) -> None:
    copy = copy_of(ready, make_project)
    warehouse, counts, stop = warehouse_of(copy), RunCounts(), threading.Event()
    assert read_retention_days(warehouse) == DAYS
    everything = count_content(warehouse)
    first = purge_content(warehouse, counts, stop, lambda *_: stop.set())
    assert list(first) == ["messages"]
    left = count_content(warehouse)
    assert left == everything | {"messages": everything["messages"] - first["messages"]}
    second = purge_content(warehouse, RunCounts(), threading.Event(), lambda *_: None)
    assert second == left
    assert count_content(warehouse) == {}
    assert landed(copy) == landed(ready)


def test_killed_purges_lose_nothing(ready: Site, make_project: Callable[[], Project]) -> None:
    copy = copy_of(ready, make_project)
    command = [sys.executable, "-m", "ingest", "purge"]
    for attempt in range(8):
        process = subprocess.Popen(
            command,
            cwd=copy.project.folder,
            env=copy.project.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.3 + 0.12 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert landed(copy) == landed(ready)
    copy.project.ingest("purge")
    copy.build(*ON)
    assert copy.holding(OLD) == set()


def test_the_models_hold_what_their_tests_say(purged: Purged) -> None:
    """Must be last: it takes long."""
    purged.site.project.dbt("build", "--exclude-resource-type", "unit_test", *ON)


def test_what_a_purged_payload_keeps() -> None:
    payload = {
        "message_id": "m",
        "status": "COMPLETED",
        "user_id": "77",
        "content": '{"a": "question in JSON"}',
        "attachments": [{"query": {"query": "select 1", "statement_id": "s", "n": 3}}, {"x": [""]}],
        "feedback": {"rating": "POSITIVE", "comment": "thanks"},
        "error": {"type": "SQL_EXECUTION_EXCEPTION", "error": "no column"},
        "tomorrow": ["a", None, 1.5, True],
    }
    assert json.loads(purged_json(json.dumps(payload))) == {
        "message_id": "m",
        "status": "COMPLETED",
        "user_id": "77",
        "content": "[purged]",
        "attachments": [
            {"query": {"query": "[purged]", "statement_id": "s", "n": 3}},
            {"x": [""]},
        ],
        "feedback": {"rating": "POSITIVE", "comment": "[purged]"},
        "error": {"type": "SQL_EXECUTION_EXCEPTION", "error": "[purged]"},
        "tomorrow": ["[purged]", None, 1.5, True],
    }


def test_what_a_purged_event_keeps() -> None:
    result = {"message_id": "m", "message": {"conversation_id": "c", "content": "a question"}}
    response = {"status_code": "200", "error_message": "no", "result": json.dumps(result)}
    kept = json.loads(purged_json(json.dumps(response)))
    assert kept.pop("result") == (
        '{"message_id":"m","message":{"conversation_id":"c","content":"[purged]"}}'
    )
    assert kept == {"status_code": "200", "error_message": "[purged]"}
    assert purged_json('{"cut": "off') == "[purged]"
    assert purged_text("") == ""
