"""The project with the real adapter of Databricks, on Spark and Delta Lake behind its protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databricks_standin import DatabricksProject
from harness import ROOT, Project, copy_project

from demo.history import HistoryOptions, build_history
from demo.server import SimulatedWorkspaces
from warehouse.landing import ALL_TABLES

WORKSPACE_VARIABLE = '{"genie_workspace_ids": ["1111111111111111"]}'
COUNT = "select count(*) as n from main.genie_analytics.message_details where status is not null"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory,
    databricks_project: DatabricksProject,
    make_project: Callable[[], Project],
    serve: Callable[..., SimulatedWorkspaces],
) -> DatabricksProject:
    """System tables with a history, the landing with what was fetched of it elsewhere."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    history = build_history(HistoryOptions(end=end, messages=200, deleted_share=0.01))
    site, source = serve(history), make_project()
    source.sign_in(history)
    source.load(history, site.urls)
    source.build_work_lists()
    for command in ("spaces", "conversations", "messages", "comments", "evals"):
        source.ingest(command, expect=None)
    copied = copy_project(tmp_path_factory.mktemp("copied"))
    databricks_project.extra["DBT_PROJECT_DIR"] = str(copied)
    databricks_project.create_tables()
    databricks_project.land(
        {
            table.name: source.warehouse.read(f"select * from {table.qualified_name}")
            for table in ALL_TABLES
        }
    )
    return databricks_project


def test_everything_builds(project: DatabricksProject) -> None:
    """Seeds, models, snapshot, data and unit tests."""
    project.dbt("build")
    assert project.value(COUNT) > 150


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
    project.dbt("run", "--select", "silver_deletions", "genie_space_changes")
    for table in ("genie_silver.silver_deletions", "genie_analytics.genie_space_changes"):
        columns = project.query(f"describe table main.{table}")
        told = {row["col_name"]: row["comment"] for row in columns}
        assert told["workspace_id"], table
    (size,) = project.query("describe detail main.genie_silver.silver_deletions")
    assert list(size["clusteringColumns"]) == ["workspace_id", "space_id"]


def test_freshness_is_checked(project: DatabricksProject) -> None:
    told = project.dbt("source", "freshness", expect=None).stdout
    assert re.search(r"(PASS|WARN|ERROR STALE).*audit", told), told
    assert "runtime error" not in told.lower()


def test_docs_are_generated(project: DatabricksProject) -> None:
    project.dbt("docs", "generate")
    assert (project.parsed / "catalog.json").stat().st_size > 10_000


def test_system_tables_are_pruned(project: DatabricksProject) -> None:
    """Each read of a large system table names dates and workspaces as literals."""
    project.dbt("compile", "--vars", WORKSPACE_VARIABLE)
    compiled = project.parsed / "compiled/genie_observability/models"
    reads = {path.stem: sql for path in compiled.rglob("*.sql") for sql in system_reads(path)}
    assert reads.keys() == {
        "bronze_system__audit_events",
        "bronze_system__query_statements",
        "bronze_system__workspaces",
    }
    for name, sql in reads.items():
        assert "workspace_id in ('1111111111111111')" in sql, name
    audit, history = (
        reads["bronze_system__audit_events"],
        reads["bronze_system__query_statements"],
    )
    assert re.search(r"and event_date >= date '\d{4}-\d\d-\d\d'", audit)
    assert re.search(r"and start_time >= timestamp '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'", history)


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


def test_every_statement_was_run_as_sent(project: DatabricksProject) -> None:
    """The stand-in rewrites names alone: what Spark cannot parse fails, what it ignores is told."""
    told = re.findall(r"^\S+ \S+ ((?:FAILED|IGNORED|TRANSPILED).*)", project.standin.log, re.M)
    assert told == []


def system_reads(path: Path) -> list[str]:
    sql = path.read_text(encoding="utf-8")
    return [sql] if re.search(r"from `?system`?\.", sql) else []
