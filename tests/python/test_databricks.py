"""The jobs as they are deployed: the built wheel, the bundle's files, and the real adapter.

System tables are filled from a history, Genie and files are a simulated workspace's, SQL runs on
Spark and Delta Lake behind Databricks' protocol.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from bundle import BUNDLE, VALUES, Bundle, copy_synced_files
from dashboard_data import FILE, page_data
from databricks_standin import CATALOG, CONNECTION, DatabricksProject
from harness import CLIENT_SECRET, ROOT
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from dashboards.definition import read_definition
from dashboards.rendering import render
from demo.history import HistoryOptions, build_history
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from demo.volumes import Volumes
from warehouse.prefixed import PrefixedWarehouse

WORKSPACE_VARIABLE = '{"genie_workspace_ids": ["1111111111111111"]}'
DONE = (0, 2)  # 2: in part, since some were deleted
COUNT = "select count(*) as n from main.genie_analytics.message_details where status is not null"

pytestmark = pytest.mark.slow


@dataclass
class Deployment:
    """The bundle's files and its wheel, installed."""

    project: DatabricksProject
    bundle: Bundle
    files: Path
    site: Path
    credentials: dict[str, str]  # of whoever the job runs as

    def run_task(self, name: str) -> None:
        """Run a task in an empty folder, or in the bundle's files."""
        if name in self.bundle.wheel_tasks:
            self.run_wheel_task(name)
            return
        for key, command in self.bundle.dbt_commands.items():
            if key.rpartition(".")[0] == name:
                self.run_dbt(command)

    def run_wheel_task(self, name: str, *more: str, expect: Container[int] = DONE) -> str:
        task = self.bundle.wheel_tasks[name]
        return self.run_wheel(task["entry_point"], *task["parameters"], *more, expect=expect)

    def run_wheel(self, program: str, *parameters: str, expect: Container[int] = DONE) -> str:
        folder = self.project.folder / "empty"
        folder.mkdir(exist_ok=True)
        environment = self.project.environment | self.credentials
        environment["PYTHONPATH"] = str(self.site)
        del environment["DBT_PROFILES_DIR"]
        finished = subprocess.run(
            [str(self.site / "bin" / program), *map(self.local, parameters)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert finished.returncode in expect, finished.stdout + finished.stderr
        assert not list(folder.iterdir())
        return finished.stdout

    def local(self, word: str) -> str:
        """Return a word of a command with volumes where the stand-in has them."""
        return word.replace("/Volumes/", f"{self.project.standin.folder}/Volumes/")

    def run_dbt(self, command: str, expect: int | None = 0) -> str:
        program, *words = shlex.split(command)
        assert program == "dbt"
        used, others = dict(self.project.extra), self.project.extra
        others["DBT_PROJECT_DIR"] = str(self.files)
        others["DBT_PROFILES_DIR"] = str(self.files / "ops/databricks/profiles")
        told = self.project.dbt(*map(self.local, words), expect=expect).stdout
        self.project.extra = used
        return told


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory,
    databricks_project: DatabricksProject,
    serve: Callable[..., SimulatedWorkspaces],
) -> Deployment:
    """System tables with a history, a landing that is empty, and the bundle for them."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    history = build_history(HistoryOptions(end=end, messages=200, deleted_share=0.01))
    secrets = {"sp_client_id": history.observer.name, "sp_client_secret": CLIENT_SECRET}
    served = serve(history, rules=Rules(secret_scopes={"genie-obs": secrets}))
    served.volumes = Volumes(databricks_project.standin.folder)
    served.sql_url = databricks_project.standin.url
    files = tmp_path_factory.mktemp("files")
    copy_synced_files(files)
    profile = files / "ops/databricks/profiles/profiles.yml"
    where = json.dumps(databricks_project.standin.connection_parameters)
    profile.write_text(f"{profile.read_text()}      {CONNECTION}: {where}\n")
    values = VALUES | {
        "workspace.host": next(iter(served.urls.values())),
        "workspace.file_path": str(files),
        "var.catalog": CATALOG,
        "var.schema_prefix": "",
        "var.workspace_ids": "[]",
        "var.warehouse_id": "local",
        "var.service_principal": history.observer.name,
    }
    project = databricks_project
    project.artifacts = True  # for the gate and the docs
    credentials = {
        "DATABRICKS_CLIENT_ID": history.asker.name,
        "DATABRICKS_CLIENT_SECRET": CLIENT_SECRET,
    }
    project.extra |= {
        "DBT_PROJECT_DIR": str(files),
        "DBT_HOST": project.standin.url,
        "DBT_ACCESS_TOKEN": "none",
    }
    deployed = Deployment(project, Bundle(values), files, installed_wheel(files), credentials)
    project.create_system_tables()
    project.load(history, served.urls)
    words = deployed.bundle.wheel_tasks["genie_messages.messages"]["parameters"]
    settings = [word for word in words if word.startswith("--set=")]
    deployed.run_wheel("genie-ingest", *settings, "init", "--target=databricks")
    return deployed


def installed_wheel(files: Path) -> Path:
    """Build the bundle's artifact from its files and install it in a folder."""
    source, site = files.parent / "source", files.parent / "site"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    copy_synced_files(source)  # what is not committed yet, too
    build = BUNDLE["artifacts"]["wheel"]["build"].replace("python3", sys.executable)
    subprocess.run(["bash", "-c", build], cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True)
    return site


@pytest.fixture
def project(deployment: Deployment) -> DatabricksProject:
    return deployment.project


def test_the_jobs_run_and_land_and_build(deployment: Deployment) -> None:
    """Those of a first day, each whole."""
    for job in ("genie_spaces", "genie_messages"):
        for task in deployment.bundle.tasks_of(job):
            deployment.run_task(task)
    project = deployment.project
    assert project.value(COUNT) > 150
    statements, parsed = project.query(
        "select count(*) as n from main.genie_silver.silver_message_statements union all"
        " select count(*) from main.genie_analytics.genie_generated_sql where not is_unparsable"
    )
    assert statements == parsed
    assert parsed["n"] > 100
    assert list((project.standin.folder / "Volumes").rglob("*.parquet")) == []
    runs = project.query("select command, event from main.genie_raw.ingest_runs")
    assert {row["command"] for row in runs if row["event"] == "finish"} == {
        *("spaces", "conversations", "evals", "messages", "comments"),
    }
    told = deployment.run_dbt(deployment.bundle.dbt_commands["genie_freshness.freshness.0"], None)
    assert re.search(r"(PASS|WARN|ERROR STALE).*audit", told), told
    assert "runtime error" not in told.lower()


def test_nothing_is_trained_on_an_empty_ledger(deployment: Deployment) -> None:
    """All is built and tested there; the gate reads what dbt left in the volume."""
    deployment.run_dbt(deployment.bundle.dbt_commands["ml_training_data.freshness.0"], 1)
    deployment.run_task("ml_training_data.marts")
    told = deployment.run_wheel_task("ml_training_data.gate", "--format=json", expect=(3,))
    answer = json.loads(told)
    assert answer["ready"] is False
    assert {reason["state"] for reason in answer["reasons"]} == {"empty"}
    assert "source.genie_observability.ledger.transactions" in {
        reason["input"] for reason in answer["reasons"]
    }


def test_the_rules_hold_there(project: DatabricksProject) -> None:
    """Unit tests; the jobs have run the data tests."""
    project.dbt("test", "--select", "test_type:unit")


def test_an_increment_builds_and_changes_nothing(project: DatabricksProject) -> None:
    """Of what grows; test_parity.py builds all again, with more rows."""
    before = project.value(COUNT)
    logged = len(project.standin.log)
    project.dbt(
        "run", "--select", "bronze_system__audit_events", "silver_messages", "message_details"
    )
    assert project.value(COUNT) == before
    news = project.standin.log[logged:]
    table = "`main`.`genie_silver`.`silver_messages`"
    assert re.search(rf"merge\s+into\s+{table}", news)
    assert not re.search(rf"create or replace\s+table\s+{table}", news)


def test_comments_are_stored(project: DatabricksProject) -> None:
    project.extra["DBT_PROJECT_DIR"] = str(ROOT)
    project.extra["GENIE_COLUMN_COMMENTS"] = "true"
    project.dbt("run", "--select", "silver_deletions", "genie_space_changes")
    for table in ("genie_silver.silver_deletions", "genie_analytics.genie_space_changes"):
        columns = project.query(f"describe table main.{table}")
        told = {row["col_name"]: row["comment"] for row in columns}
        assert told["workspace_id"], table
    (size,) = project.query("describe detail main.genie_silver.silver_deletions")
    assert list(size["clusteringColumns"]) == ["workspace_id", "space_id"]


def test_docs_are_generated(project: DatabricksProject) -> None:
    project.dbt("docs", "generate")
    assert (project.parsed / "catalog.json").stat().st_size > 10_000


def test_system_tables_are_pruned(project: DatabricksProject, tmp_path: Path) -> None:
    """Each read of a large system table names dates and workspaces as literals."""
    given = ("--vars", WORKSPACE_VARIABLE, "--target-path", str(tmp_path))
    project.dbt("compile", "--select", *PREDICATES, *given)
    compiled = tmp_path / "compiled/genie_observability/models"
    reads = {path.stem: sql for path in compiled.rglob("*.sql") for sql in system_reads(path)}
    assert reads.keys() == PREDICATES.keys()
    for name, sql in reads.items():
        assert_pruned(name, sql)
        for predicate in PREDICATES[name]:
            with pytest.raises(AssertionError):
                assert_pruned(name, re.sub(predicate, "true", sql))


WORKSPACES = r"workspace_id in \('1111111111111111'\)"
PREDICATES = {
    "bronze_system__workspaces": (WORKSPACES,),
    "bronze_system__audit_events": (WORKSPACES, r"event_date >= date '\d{4}-\d\d-\d\d'"),
    "bronze_system__query_statements": (
        WORKSPACES,
        r"start_time >= timestamp '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'",
    ),
    "bronze_system__statement_hours": (
        WORKSPACES,
        r"start_time >= timestamp '\d{4}-\d\d-\d\d \d\d:00:00'",
    ),
    "bronze_system__billing_usage": (WORKSPACES, r"usage_date >= date '\d{4}-\d\d-\d\d'"),
    # belongs to no workspace
    "bronze_system__list_prices": (
        r"'9999-12-31 00:00:00'\) >= timestamp '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'",
    ),
}


def assert_pruned(name: str, sql: str) -> None:
    for predicate in PREDICATES[name]:
        assert re.search(predicate, sql), name


def test_what_dbt_compiles_is_sql_of_databricks(project: DatabricksProject) -> None:
    """By two parsers of its dialect, since Spark's is not all of it."""
    compiled = project.parsed / "compiled/genie_observability/models"
    linter = Linter(config=FluffConfig(overrides={"dialect": "databricks"}))
    models = [path.relative_to(ROOT / "models") for path in (ROOT / "models").rglob("*.sql")]
    found = [compiled / name for name in models if (compiled / name).exists()]  # twins are not
    assert len(found) > 50
    for path in found:
        sql = path.read_text(encoding="utf-8")
        assert not [one for one in sqlglot.parse(sql, dialect="databricks") if holds_unknown(one)]
        assert linter.parse_string(sql).violations == [], path.name


def holds_unknown(statement: exp.Expression | None) -> bool:
    """Whether sqlglot has given a statement up, and carries it as text."""
    return statement is None or statement.find(exp.Command) is not None


def test_columns_that_an_account_lacks_are_null(project: DatabricksProject) -> None:
    """Of an account of long ago; what was read of its columns stays."""
    name = "system.query.history"
    project.warehouse.execute(f"drop table {name}")
    project.warehouse.execute(
        f"create table {name} as select '1' as workspace_id, 'old' as statement_id,"
        " 'FINISHED' as execution_status, cast(null as string) as error_message,"
        " 'SELECT' as statement_type, 'DatabricksGenie' as client_application,"
        " 5L as total_duration_ms, current_timestamp() as start_time,"
        " current_timestamp() as end_time, named_struct('notebook_id', '7') as query_source"
    )
    project.dbt("run", "--select", "bronze_system__query_statements")
    (row,) = project.query(
        "select total_duration_ms, space_id, warehouse_id, update_time"
        " from main.genie_bronze.bronze_system__query_statements where statement_id = 'old'"
    )
    assert row == {
        "total_duration_ms": 5,
        "space_id": None,
        "warehouse_id": None,
        "update_time": None,
    }


def test_the_dashboard_is_drawn_from_there(project: DatabricksProject) -> None:
    """Every dataset and widget, by SQL of Databricks."""
    warehouse = PrefixedWarehouse(project.warehouse, f"{CATALOG}.")
    page = page_data(render(read_definition(FILE), warehouse, "databricks"))
    (questions,) = (one for one in page["widgets"] if one["title"] == "Questions")
    assert sum(row[-1] for row in questions["rows"]) == project.value(COUNT)


def test_an_account_that_shows_no_bill_builds(project: DatabricksProject) -> None:
    for name in ("system.billing.usage", "system.billing.list_prices"):
        project.warehouse.execute(f"drop table {name}")
    project.dbt("run", "--select", "bronze_system__billing_usage", "bronze_system__list_prices")
    assert project.value("select count(*) from main.genie_bronze.bronze_system__billing_usage") > 0


def test_an_outage_of_any_length_is_caught_up(project: DatabricksProject) -> None:
    table = "main.genie_bronze.bronze_system__query_statements"
    project.warehouse.execute(
        f"update {table} set start_time = start_time - interval 200 days,"
        " loaded_at = loaded_at - interval 200 days"
    )
    newest = project.value(f"select max(start_time) as newest from {table}")
    project.dbt("compile", "--select", "bronze_system__query_statements")
    compiled = project.parsed / "compiled/genie_observability/models"
    sql = (compiled / "genie/bronze/bronze_system__query_statements.sql").read_text()
    start = newest - timedelta(days=1)
    assert f"start_time >= timestamp '{start:%Y-%m-%d %H:%M:%S}'" in sql


def test_every_statement_was_run_as_sent(project: DatabricksProject) -> None:
    """The stand-in rewrites names alone: what Spark cannot parse fails, what it ignores is told."""
    told = re.findall(r"^\S+ \S+ ((?:FAILED|IGNORED|TRANSPILED).*)", project.standin.log, re.M)
    assert told == []


def system_reads(path: Path) -> list[str]:
    sql = path.read_text(encoding="utf-8")
    return [sql] if re.search(r"from `?system`?\.", sql) else []
