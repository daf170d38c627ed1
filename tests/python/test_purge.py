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
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from harness import Project

from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces
from ingest.privacy import purged_json, purged_text
from ingest.purging import count_content, purge_content, read_retention_days
from ingest.recording import RunCounts
from warehouse import Profile, Warehouse, open_warehouse

# the age of content follows the clock: the history ends now, and half of it is too old
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DAYS = 20
ON = ("--vars", json.dumps({"content_retention_days": DAYS}))
OLD, YOUNG = "xyzzy-old", "xyzzy-young"

# what holds content in gold, and what tells of the landing or the build instead of the message
CONTENT = {
    "message_details": {
        *("content", "error_message", "feedback_comment", "query_sql", "query_description"),
        *("attachments_json", "query_error_message", "api_fetch_error"),
        *("source_loaded_at", "ingestion_batch_id"),
    },
    "genie_conversations": {"title"},
    "genie_generated_sql": {
        *("query_sql", "statement_kind", "table_count", "tables_json", "columns_json"),
        *("join_count", "join_kinds_json", "is_unparsable", "has_cartesian_join"),
        *("has_select_star", "has_no_time_filter", "findings", "source_loaded_at"),
    },
    "genie_configured_tables": {
        *("statement_count", "question_count", "last_queried_at", "usage_status"),
    },
    "genie_eval_results": {"question", "benchmark_answer", "actual_response"},
    "genie_messages_to_fetch": {"reason"},
    "message_fetch_errors": {"error_message"},
    "genie_listing_coverage": {"error_message"},
    "genie_message_outcomes": {"normalised_question", "source_loaded_at"},
    "genie_message_latency": {"source_loaded_at"},
    "genie_unanswered_questions": {"normalised_question"},
    "genie_feedback_history": {"content"},
    "genie_cost_by_message": {"source_loaded_at"},
    "genie_cost_by_space": {"source_loaded_at"},
    "genie_cost_by_user": {"source_loaded_at"},
    "genie_cost_reconciliation": {"source_loaded_at"},
    "genie_questions": {
        *("question", "error_message", "feedback_comment", "query_description", "query_sql"),
        "fetched_at",
    },
    "genie_question_attachments": {"question", "title", "content", "query_sql"},
    "genie_question_costs": {"question"},
    "genie_feedback_details": {"content", "question", "query_sql"},
    "genie_pipeline_validation": {"content_retention_days"},
    # counted back from now
    "genie_system_tables_to_fetch": {"read_from", "sweep_from"},
    "genie_time_ranges": {"first_time"},
}
# a row per text, or one that says which are due: another one after a purge
MADE_OF_CONTENT = {
    *("genie_content_to_purge", "genie_question_counts"),
    *("genie_near_duplicates", "genie_prompt_topics"),
}


pytestmark = pytest.mark.slow


@dataclass
class Site:
    project: Project
    history: History
    served: SimulatedWorkspaces

    def build(self, *arguments: str) -> None:
        # the tests of the models run once, in the end; each time would take minutes
        kinds = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        self.project.dbt("build", *kinds, *arguments)

    def fetch(self) -> None:
        self.project.ingest("spaces", expect=None)
        for command in ("messages", "conversations", "comments", "evals"):
            self.project.ingest(command, expect=None)

    def tables(self) -> list[str]:
        rows = self.project.query(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " order by 1"
        )
        return [row["name"] for row in rows]

    def holding(self, text: str) -> set[str]:
        """Return the columns of all tables in which a text occurs."""
        columns: dict[str, list[str]] = {}
        for row in self.project.query("select * from information_schema.columns"):
            table = f"{row['table_schema']}.{row['table_name']}"
            columns.setdefault(table, []).append(row["column_name"])
        found = set()
        with duckdb.connect(str(self.project.database), read_only=True) as connection:
            for table, names in columns.items():
                tests = ", ".join(
                    f"count(case when contains(cast({name} as varchar), '{text}') then 1 end)"
                    for name in names
                )
                counts = connection.execute(f"select {tests} from {table}").fetchone() or ()
                found |= {f"{table}.{name}" for name, n in zip(names, counts, strict=True) if n}
        return found

    def gold(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of gold without the columns that hold content."""
        found: dict[str, list[dict[str, Any]]] = {}
        for table in self.tables():
            schema, name = table.split(".")
            if schema == "genie_analytics" and name not in MADE_OF_CONTENT:
                rows = self.project.query(f"select * from {table}")
                left_out = CONTENT.get(name, set())
                kept = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
                found[name] = sorted(kept, key=str)
        return found


def is_old(moment: datetime | None) -> bool:
    return moment is not None and moment.replace(tzinfo=UTC) < END - timedelta(days=DAYS)


def mark(value: Any, text: str) -> Any:
    """Put a text into all that a person or Genie may have written, and nowhere else."""
    if isinstance(value, dict):
        return {key: mark_under(key, item, text) for key, item in value.items()}
    return value


def mark_under(key: str, value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return mark(value, text)
    if isinstance(value, list):
        return [mark_under(key, item, text) for item in value]
    contents = {"content", "query", "title", "description", "questions", "comment", "error"}
    contents |= {"question", "benchmark_answer", "response", "value", "new_thing"}
    return f"{value} {text}" if isinstance(value, str) and key in contents else value


def plant(site: Site) -> None:
    """Mark the content of every landed row as old or young, to be found wherever it goes."""
    run_times = {run.run_id: run.created_ms for run in site.history.eval_runs}
    now_ms = int(END.timestamp() * 1000)
    with duckdb.connect(str(site.project.database)) as connection:
        connection.execute(
            "insert into genie_raw.message_comments by name select * replace ("
            f" json_merge_patch(payload::json, '{{\"created_timestamp\": {now_ms}}}') as payload,"
            " 'young' as comment_id) from genie_raw.message_comments limit 1"
        )
        for table in ("messages", "conversations", "message_comments", "eval_results"):
            name = f"genie_raw.{table}"
            rows = connection.sql(f"select rowid, * from {name}").to_arrow_table().to_pylist()
            assert rows, table
            updates = []
            for row in rows:
                payload = json.loads(row["payload"]) | {"new_thing": "of tomorrow"}
                epoch = payload.get("created_timestamp") or run_times[row["eval_run_id"]]
                text = OLD if is_old(datetime.fromtimestamp(epoch / 1000, UTC)) else YOUNG
                updates.append((json.dumps(mark(payload, text)), row["rowid"]))
            connection.executemany(f"update {name} set payload = ? where rowid = ?", updates)
        marked = f"case when {{}} < ? then '{OLD}' else '{YOUNG}' end"
        limit = (END - timedelta(days=DAYS)).replace(tzinfo=None)
        connection.execute(
            "update genie_raw.query_history set"
            f" statement_text = 'select ' || {marked.format('start_time')},"
            f" error_message = {marked.format('start_time')}",
            [limit, limit],
        )
        connection.execute(
            "update genie_raw.audit set response = json_merge_patch(response::json, json_object("
            f"'error_message', {marked.format('event_time')})),"
            " request_params = json_merge_patch(request_params::json, json_object("
            f"'question', {marked.format('event_time')}))",
            [limit, limit],
        )
        # attempts of long ago, whose errors quoted an answer
        connection.execute(
            "insert into genie_raw.fetch_attempts by name"
            " select * replace (fetched_at - interval 40 day as fetched_at, 'early' as batch_id,"
            f" 'quoted {OLD}' as error_message, 'failed' as outcome, 500 as http_status)"
            " from genie_raw.fetch_attempts where resource = 'message' limit 20"
        )
        connection.execute(
            f"update genie_raw.fetch_attempts set error_message = '{YOUNG}'"
            " where error_message is not null and batch_id <> 'early'"
        )


@pytest.fixture(scope="module")
def site(make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]) -> Site:
    """Everything is fetched, marked and built; nothing is purged."""
    history = build_history(HistoryOptions(end=END, messages=200, in_flight=0, deleted_share=0.02))
    served = serve(history)
    project = make_project()
    project.sign_in(history)
    project.load(history, served.urls)
    site = Site(project, history, served)
    site.build()
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
