"""The same landing gives the same gold rows on every engine, however it arrived.

DuckDB is the reference: it takes in one history in stages, with every trait and what faults leave
behind, and a ledger that changes its mind. Another engine gets the same landed rows, stage by
stage; a third is one more in ENGINES.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from comparing import differences
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.service.dashboards import GenieFeedbackRating
from harness import CLIENT_SECRET, WORK_LISTS, Project, copy_project
from ledger_rows import ledger_batches

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.late import split_late
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from demo.space_loading import load_space_history
from demo.system_tables import audit_rows
from warehouse import Table
from warehouse.landing import ALL_TABLES
from warehouse.ledger import LEDGER_TABLES

ENGINES = ("postgres", "databricks")
STAGES = (
    "full load",
    "increment: what happens while we look",
    "increment: the rest",
    "late replay",
)
# What is built after which stages. Gold is compared where that is all; what came since the stage
# before is landed at once. A build takes minutes on the stand-in for Databricks: there all is built
# once, as an increment on what keeps rows. Late rows are found there by a sweep once a day, not by
# the next build.
WHAT_KEEPS_ROWS = ("--select", "+config.materialized:incremental", "+resource_type:snapshot")
Stages = Mapping[str, tuple[str, ...]]
EVERY_STAGE: Stages = dict.fromkeys(STAGES, ())
BUILT: Mapping[str, Stages] = {"databricks": {STAGES[0]: WHAT_KEEPS_ROWS, STAGES[1]: ()}}
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
FAULTS = Faults(
    seed=5,
    error_500=0.02,
    error_502=0.02,
    cut=0.02,
    broken_json=0.02,
    failing=0.02,
    unknown_enum=0.05,
    numbers_as_strings=0.1,
    seconds=0.1,
)
# one clock for all, which each stage sets: what waits on one engine must not be due on the next
CLOCK = Table("genie_raw", "test_clock", pa.schema([("moment", pa.timestamp("us", tz="UTC"))]))
# Python models that SQL cannot say: dbt-postgres runs none
NOT_ON = {
    "postgres": {
        "genie_analytics.genie_generated_sql",
        "ml_training.ml_baseline_metrics",
    },
}
# their twins there, for what reads them
EMPTY_ON = {
    "postgres": {"genie_analytics.genie_near_duplicates", "genie_analytics.genie_prompt_topics"},
}
# say when a row was built: later after a full refresh, and where system tables are read in place
BUILD_TIMES = {"source_loaded_at", "newest_load_at"}
MODELS_ONLY = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")

pytestmark = pytest.mark.slow

Rows = dict[str, pa.Table]


def copy_with_clock(folder: Path) -> Path:
    """Copy what dbt reads, with a clock that we set."""
    copy_project(folder)
    (folder / "macros/cross_db/current_utc.sql").write_text(
        "{% macro current_utc() %}"
        f"(select max(moment) from {{{{ target.database }}}}.{CLOCK.qualified_name})"
        "{% endmacro %}"
    )
    return folder


@dataclass
class Engine:
    """A project on one engine, and the gold rows that it shows."""

    project: Project
    variables: str
    stages: Stages = field(default_factory=lambda: EVERY_STAGE)

    def set_clock(self, stage: int) -> None:
        self.project.warehouse.create_tables([CLOCK])
        row = {"moment": NOW + timedelta(hours=3, minutes=stage)}
        with self.project.warehouse.transaction() as transaction:
            transaction.append(CLOCK, pa.Table.from_pylist([row], schema=CLOCK.columns))

    def build(self, *options: str) -> None:
        self.project.dbt("build", *MODELS_ONLY, "--vars", self.variables, *options)

    def test(self) -> None:
        self.project.dbt("test", "--exclude-resource-type", "unit_test", "--vars", self.variables)

    def gold(self) -> Rows:
        """The rows of what is read from outside, by schema and name."""
        manifest = json.loads((self.project.parsed / "manifest.json").read_text(encoding="utf-8"))
        relations = {
            f"{node['schema']}.{node['name']}": node["relation_name"]
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and {"gold", "marts"} & {*node["fqn"]}
        }
        return {
            name: self.project.warehouse.read(f"select * from {relation}")
            for name, relation in relations.items()
        }


@dataclass
class Recording:
    """What the reference landed in each stage, and the gold rows that it then had."""

    landed: list[Rows] = field(default_factory=list)
    gold: list[Rows] = field(default_factory=list)
    refreshed: Rows = field(default_factory=dict)

    def add(self, engine: Engine) -> None:
        engine.build()
        self.landed.append(self._new_rows(engine.project))
        self.gold.append(engine.gold())
        if len(self.gold) < len(STAGES):
            engine.set_clock(len(self.gold))

    def _new_rows(self, project: Project) -> Rows:
        return {
            table.name: project.warehouse.read(
                f"select * from {table.qualified_name}"
                f" order by rowid offset {self._known(table.name)}"
            )
            for table in ALL_TABLES
        }

    def _known(self, name: str) -> int:
        return sum(stage[name].num_rows for stage in self.landed)


@dataclass
class Account:
    """A history that reaches the reference in stages."""

    engine: Engine
    history: History
    site: SimulatedWorkspaces

    def load_ledger(self, batches: Iterable[Rows]) -> None:
        for batch in batches:
            with self.engine.project.warehouse.transaction() as transaction:
                for table in LEDGER_TABLES:
                    transaction.append(table, batch[table.name])

    def load_audit(self, name: str, rows: list[dict[str, Any]]) -> None:
        path = self.engine.project.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.engine.project.ingest("load-files", "--table", "audit", str(path))

    def load_bill(self, name: str) -> None:
        path = self.engine.project.folder / "system_tables" / f"bill_{name}.jsonl"
        self.engine.project.ingest("load-files", "--table", "billing_usage", str(path))

    def fetch(self, *commands: str) -> None:
        self.engine.build("--select", *WORK_LISTS)
        for command in commands:
            self.engine.project.ingest(command, "--timeout", "5", expect=None)

    def happen(self) -> None:
        """People ask, judge, comment, delete and rename while we look."""
        workspace_id, url = next(iter(self.site.urls.items()))
        spaces = (s for s in self.history.spaces if s.workspace.workspace_id == workspace_id)
        space_id = next(spaces).space_id
        self.site.set_faults(Faults())  # people see an error and ask again; these here do not
        config = Config(host=url, client_id=self.history.asker.name, client_secret=CLIENT_SECRET)
        genie = WorkspaceClient(config=config).genie
        asked = genie.start_conversation(space_id, "How many orders came today?").response
        deleted = genie.start_conversation(space_id, "What did I just ask?").response
        rating = GenieFeedbackRating.NEGATIVE
        ids = (space_id, asked.conversation_id, asked.message_id)
        genie.send_message_feedback(*ids, rating=rating)
        genie.create_message_comment(*ids, "please check")
        genie.delete_conversation_message(space_id, deleted.conversation_id, deleted.message_id)
        edited = json.loads(self.history.spaces[0].serialized_space)
        edited["instructions"].pop("join_specs")
        edited["data_sources"]["tables"][0]["column_configs"].pop()
        edited["benchmarks"]["questions"][0]["question"] = ["What else?"]
        text = json.dumps(edited)
        self.site.edit_space(space_id, title="Orders, renamed", serialized_space=text)
        self.site.set_faults(FAULTS)


@pytest.fixture(scope="module")
def variables() -> str:
    # files of few rows are as good as one: test_databricks.py lets them be put together
    return json.dumps(
        {
            "genie_service_principals": ["someone@else.example"],
            "DATABRICKS_SKIP_OPTIMIZE": "true",
        }
    )


@pytest.fixture(scope="module")
def project_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_with_clock(tmp_path_factory.mktemp("frozen"))


@pytest.fixture(scope="module")
def recording(
    tmp_path_factory: pytest.TempPathFactory,
    project_folder: Path,
    variables: str,
    serve: Callable[..., SimulatedWorkspaces],
) -> Recording:
    history = build_history(HistoryOptions(end=NOW, messages=400, deleted_share=0.03))
    site = serve(history, faults=FAULTS, rules=Rules(answer_seconds=0, asks_per_minute=100))
    project = Project(
        tmp_path_factory.mktemp("duckdb"),
        tmp_path_factory.mktemp("target"),
        {"DBT_PROJECT_DIR": str(project_folder)},
        artifacts=True,
    )
    project.sign_in(history)
    account = Account(Engine(project, variables), history, site)
    play(account, recorded := Recording())
    account.engine.build("--full-refresh")
    recorded.refreshed = account.engine.gold()
    account.engine.test()
    return recorded


def play(account: Account, recorded: Recording) -> None:
    """Take the history in, stage by stage."""
    on_time, *late = split_late(audit_rows(account.history), share=0.1, repeated=0.05)
    times = [row["event_time"] for row in on_time]
    assert times == sorted(times)
    first, second = int(len(on_time) * 0.7), int(len(on_time) * 0.85)
    project = account.engine.project
    project.load(account.history, account.site.urls)
    project.database.unlink()  # all but the audit log is loaded whole
    account.engine.set_clock(0)
    tables = project.folder / "system_tables"
    bill = (tables / "billing_usage.jsonl").read_text().splitlines(keepends=True)
    for name, rows in (("on_time", bill[::2]), ("late", bill[1::2])):
        (tables / f"bill_{name}.jsonl").write_text("".join(rows))
    for table in ("workspaces", "query_history", "warehouse_hours", "list_prices"):
        project.ingest("load-files", "--table", table, str(tables / f"{table}.jsonl"))
    account.load_bill("on_time")

    load_space_history(project.warehouse, account.history)
    ledger = ledger_batches()
    account.load_ledger(ledger[:2])
    account.load_audit("first", on_time[:first])
    account.fetch("spaces", "conversations", "messages", "comments", "evals")
    recorded.add(account.engine)

    account.load_ledger(ledger[2:5])
    account.happen()
    account.load_audit("live", account.site.audit_rows())
    account.fetch("spaces", "messages")
    account.load_audit("second", on_time[first:second])  # not fetched yet
    recorded.add(account.engine)

    account.load_ledger(ledger[5:6])
    account.load_audit("rest", on_time[second:])
    account.fetch("messages", "evals")
    recorded.add(account.engine)

    for number, part in enumerate(late):
        account.load_audit(f"late{number}", part)
    account.load_ledger(ledger[6:])
    account.load_bill("late")
    account.load_audit("again", on_time[:200])
    recorded.add(account.engine)


@pytest.fixture(scope="module", params=ENGINES)
def other(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    project_folder: Path,
    variables: str,
) -> Engine:
    """The engine to compare, empty."""
    project: Project = request.getfixturevalue(f"{request.param}_project")
    project.parsed = tmp_path_factory.mktemp("target")
    project.artifacts = True
    project.extra["DBT_PROJECT_DIR"] = str(project_folder)
    project.create_tables()
    return Engine(project, variables, BUILT.get(request.param, EVERY_STAGE))


def assert_equal(found: Rows, expected: Rows) -> None:
    assert found.keys() == expected.keys()
    told = [
        f"{name}: {line}" for name in expected for line in differences(expected[name], found[name])
    ]
    assert told == [], "\n".join(["expected | found", *told])


def test_the_history_has_what_engines_differ_on(recording: Recording) -> None:
    """So that equality means something: every table has rows, and every state and fault is met."""
    final = recording.gold[-1]
    # content is kept for ever here: test_purge.py and test_postgres.py purge it
    empty = [name for name, rows in final.items() if not rows.num_rows]
    assert empty == ["genie_analytics.genie_content_to_purge"]
    states = set(final["genie_analytics.genie_messages_to_fetch"]["fetch_state"].to_pylist())
    assert states >= {"settled", "waiting"}
    errors = set(final["genie_analytics.message_fetch_errors"]["error_type"].to_pylist())
    assert len(errors) > 1
    for stage, rows in zip(STAGES, recording.landed, strict=True):
        assert rows["audit"].num_rows, stage


def test_the_reference_gives_the_same_rows_when_refreshed(recording: Recording) -> None:
    found, expected = (
        without_build_times(recording.refreshed),
        without_build_times(recording.gold[-1]),
    )
    assert_equal(found, expected)


def without_build_times(rows: Rows) -> Rows:
    return {
        name: table.select([name for name in table.schema.names if name not in BUILD_TIMES])
        for name, table in rows.items()
    }


def on(engine: Engine, rows: Rows) -> Rows:
    left_out = NOT_ON.get(engine.project.engine, set())
    emptied = EMPTY_ON.get(engine.project.engine, set())
    assert rows.keys() >= left_out | emptied
    return {
        name: table.slice(0, 0) if name in emptied else table
        for name, table in rows.items()
        if name not in left_out
    }


def test_every_stage_gives_equal_gold(recording: Recording, other: Engine) -> None:
    last = max(map(STAGES.index, other.stages))
    for number, stage in enumerate(STAGES[: last + 1]):
        other.project.land(recording.landed[number])
        if stage not in other.stages:
            continue
        other.set_clock(number)
        other.build(*other.stages[stage])
        if other.stages[stage]:
            continue
        found, expected = other.gold(), on(other, recording.gold[number])
        if other.stages != EVERY_STAGE:
            found, expected = without_build_times(found), without_build_times(expected)
        try:
            assert_equal(found, expected)
        except AssertionError as error:
            error.add_note(f"after: {stage}")
            raise


def test_a_full_refresh_gives_equal_gold(recording: Recording, other: Engine) -> None:
    if other.stages != EVERY_STAGE:
        pytest.skip("a build takes minutes there: one increment is compared")
    other.build("--full-refresh")
    assert_equal(other.gold(), on(other, recording.refreshed))


def test_the_data_tests_hold(other: Engine) -> None:
    if other.project.engine == "databricks":
        pytest.skip("tests/python/test_databricks.py runs them")
    other.test()
