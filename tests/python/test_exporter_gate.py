"""The gate, and what of nodes becomes metrics: on artifacts of the real dbt, and without it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers import PostgresAccess
from watched import DAY, HOUR, Metrics, Watched

from exporters.archive import archive_run

SOURCES = {
    "sources": [
        {
            "name": "ledger",
            "schema": "ledger",
            "config": {
                "loaded_at_field": "loaded_at",
                "freshness": {
                    "warn_after": {"count": 2, "period": "day"},
                    "error_after": {"count": 5, "period": "day"},
                },
            },
            "tables": [{"name": "labels"}, {"name": "features"}],
        }
    ],
    "models": [
        {
            "name": "training_view",
            "config": {
                "meta": {
                    "prometheus": [
                        {"name": "training_rows", "help": "Rows.", "aggregate": "count"},
                        {
                            "name": "training_known_timestamp_seconds",
                            "help": "Newest.",
                            "aggregate": "max",
                            "value": "known_at",
                            "labels": {"id": 2},
                        },
                    ]
                }
            },
            "columns": [{"name": "id", "data_tests": ["not_null"]}],
        },
        {
            "name": "elsewhere",
            "config": {
                "meta": {
                    "prometheus": [{"name": "gone", "help": "Gone.", "value": "nonesuch"}],
                },
            },
            "columns": [{"name": "id", "data_tests": [{"not_null": {"name": "not_ours"}}]}],
        },
    ],
    "exposures": [
        {
            "name": "training",
            "type": "ml",
            "owner": {"name": "people"},
            "depends_on": ["ref('training_view')"],
        }
    ],
}
VIEW = """
select labels.id, features.known_at, labels.occurred_at
from {{ source('ledger', 'labels') }} as labels
inner join {{ source('ledger', 'features') }} as features on labels.id = features.id
"""
LEAKAGE = "select * from {{ ref('training_view') }} where known_at > occurred_at"


@dataclass
class Trained(Watched):
    """A small project with an exposure that trains on it; each dbt run leaves a folder."""

    def write(self) -> None:
        models, tests = self.dbt_folder / "models", self.dbt_folder / "tests"
        models.mkdir(parents=True)
        tests.mkdir()
        settings = {
            "name": "trained",
            "profile": "genie_observability",
            "flags": {"send_anonymous_usage_stats": False},
            "models": {"materialized": "table"},
        }
        (self.dbt_folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
        (models / "all.yml").write_text(yaml.safe_dump(SOURCES))
        (models / "training_view.sql").write_text(VIEW)
        (models / "elsewhere.sql").write_text("select cast(null as integer) as id")
        (tests / "assert_no_leakage.sql").write_text(LEAKAGE)

    def load(self) -> None:  # type: ignore[override]
        self.execute(
            "create schema ledger",
            "create table ledger.labels (id integer, occurred_at timestamp, loaded_at timestamp)",
            "create table ledger.features (id integer, known_at timestamp, loaded_at timestamp)",
        )
        self.add("labels")
        self.add("features")

    def execute(self, *statements: str) -> None:
        with self.warehouse.transaction() as transaction:
            for statement in statements:
                transaction.execute(statement)

    def add(self, table: str, age: timedelta = HOUR, moment: str = "2026-01-01") -> None:
        with self.warehouse.transaction() as transaction:
            transaction.execute(
                f"insert into ledger.{table} values (1, cast(? as timestamp), ?)",
                [moment, datetime.now(UTC).replace(tzinfo=None) - age],
            )

    def run_dbt(self, name: str, *arguments: str, expect: int = 0) -> Path:
        """Run dbt and archive the run; return its folder."""
        log = self.folder / "log"
        self.dbt("--log-format-file", "json", "--log-path", str(log), *arguments, expect=expect)
        archive = self.folder / "runs" / name
        self.export("archive", "--log", str(log / "dbt.log"), "--archive", str(archive))
        (folder,) = archive.iterdir()
        return folder


@dataclass(frozen=True)
class Runs:
    """Folders that real runs of dbt left, each after something had happened."""

    project: Trained
    built: Path
    tested: Path
    checked: Path
    checked_after_a_load: Path
    checked_when_bad: Path
    tested_when_leaking: Path


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("trained")
    extra: dict[str, str] = {}
    if request.param == "postgres":
        access: PostgresAccess = request.getfixturevalue("postgres_access")
        access.renew_database()
        extra |= access.environ
    project = Trained(folder, folder / "target", extra, engine=request.param)
    project.write()
    project.warehouse.create_tables([])
    project.load()
    freshness = ("source", "freshness")
    built = project.run_dbt("built", "run")
    tested = project.run_dbt("tested", "test", expect=1)  # not_ours fails
    checked = project.run_dbt("checked", *freshness)
    project.add("labels", timedelta(0))
    checked_after_a_load = project.run_dbt("after_a_load", *freshness)
    project.add("features", moment="2026-01-02")
    leaking = project.run_dbt("leaking", "build", "--select", "+training_view", expect=1)
    project.execute("delete from ledger.features", "delete from ledger.labels")
    project.add("labels", 6 * DAY)
    bad = project.run_dbt("bad", *freshness, expect=1)
    return Runs(project, built, tested, checked, checked_after_a_load, bad, leaking)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Make an archive of some runs."""

    def make(*folders: Path) -> Path:
        for folder in folders:
            shutil.copytree(folder, tmp_path / "archive" / folder.name)
        return tmp_path / "archive"

    return make


def ask(runs: Runs, archive: Path, *arguments: str, expect: int) -> dict[str, Any]:
    asked = runs.project.export(
        "gate", "--exposure", "training", "--archive", str(archive), "--format", "json", *arguments,
        expect=expect,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(asked.stdout)
    return answer


def reasons(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The state and text of each reason, by the name of the input."""
    return {
        reason["input"].split(".")[-1 if "source" in reason["input"] else 2]: (
            reason["state"],
            reason["text"],
        )
        for reason in answer["reasons"]
    }


def test_yes_when_all_is_well(runs: Runs, archive: Callable[..., Path]) -> None:
    answer = ask(runs, archive(runs.built, runs.tested, runs.checked), expect=0)
    assert answer["ready"] is True
    assert answer["reasons"] == []


def test_no_for_a_source_never_checked(runs: Runs, archive: Callable[..., Path]) -> None:
    answer = ask(runs, archive(runs.built, runs.tested), expect=3)
    assert reasons(answer) == {
        table: ("not_run", f"the freshness of source ledger.{table} was never checked")
        for table in ("labels", "features")
    }


def test_no_for_a_test_never_run(runs: Runs, archive: Callable[..., Path]) -> None:
    answer = ask(runs, archive(runs.built, runs.checked), expect=3)
    assert reasons(answer) == {
        test: ("not_run", f"no run of test {test} is known")
        for test in ("assert_no_leakage", "not_null_training_view_id")
    }


def test_no_for_a_model_never_built(runs: Runs, archive: Callable[..., Path]) -> None:
    answer = ask(runs, archive(runs.tested, runs.checked), expect=3)
    assert reasons(answer) == {
        "training_view": ("not_run", "no run of model training_view is known")
    }


def test_no_for_a_test_older_than_the_data(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.built, runs.tested, runs.checked, runs.checked_after_a_load)
    found = reasons(ask(runs, folder, expect=3))
    assert found == {
        test: ("not_run", f"test {test} last ran before its data came")
        for test in ("assert_no_leakage", "not_null_training_view_id")
    }


def test_no_for_stale_labels_and_empty_features(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.built, runs.tested, runs.checked, runs.checked_when_bad)
    found = reasons(ask(runs, folder, expect=3))
    assert found == {
        "labels": ("error", "source ledger.labels is stale: loaded 6 d ago"),
        "features": ("empty", "source ledger.features is empty"),
    }


def test_no_for_a_leakage_test_that_fails(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.checked_after_a_load, runs.tested_when_leaking)
    rows = {"assert_no_leakage": ("fail", "test assert_no_leakage: last run fail, 2 rows")}
    assert reasons(ask(runs, folder, expect=3)) == rows


def test_no_for_evidence_that_is_old(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.built, runs.tested, runs.checked)
    states = reasons(ask(runs, folder, "--max-age", "0m", expect=3))
    assert set(states) == {
        *("labels", "features", "training_view"),
        *("assert_no_leakage", "not_null_training_view_id"),
    }
    assert {state for state, _ in states.values()} == {"not_run"}


def test_a_report_without_its_log_says_nothing_of_what_it_leaves_out(
    runs: Runs, archive: Callable[..., Path], tmp_path: Path
) -> None:
    folder = archive(runs.built, runs.tested, runs.checked)
    report = json.loads((runs.checked / "sources.json").read_text())
    report["results"] = [r for r in report["results"] if r["unique_id"].endswith("labels")]
    later = folder / "later"
    later.mkdir()
    later.joinpath("sources.json").write_text(json.dumps(report))
    assert reasons(ask(runs, folder, expect=3)) == {
        "features": ("not_run", "source ledger.features is not in the last report on freshness")
    }
    # with the log it is known that the source was not selected: the earlier check counts
    shutil.copy(runs.checked / "dbt.log", later)
    assert ask(runs, folder, expect=0)["ready"] is True


def test_cannot_tell_without_evidence(runs: Runs, tmp_path: Path) -> None:
    answer = ask(runs, tmp_path / "nowhere", expect=1)
    assert answer["ready"] is None
    assert "no manifest.json" in answer["problem"]
    (tmp_path / "manifest.json").write_text("{}")
    assert "no manifest that can be read" in ask(runs, tmp_path, expect=1)["problem"]


def test_an_unknown_exposure_and_a_bad_age_are_bad_usage(runs: Runs) -> None:
    where = ("--archive", str(runs.built))
    for arguments in (("--exposure", "nonesuch"), ("--exposure", "training", "--max-age", "1y")):
        failed = runs.project.export("gate", *where, *arguments, expect=64)
        assert "training" in failed.stderr or "1y" in failed.stderr


def test_people_get_sentences(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.built, runs.tested, runs.checked)
    asked = ("gate", "--exposure", "training", "--archive", str(folder))
    assert runs.project.export(*asked).stdout == "training: ready\n"
    shutil.rmtree(folder / runs.checked.name)
    assert runs.project.export(*asked, expect=3).stdout.splitlines() == [
        "training: not ready",
        "- the freshness of source ledger.features was never checked",
        "- the freshness of source ledger.labels was never checked",
    ]


def test_artifacts_become_metrics_without_dbt_or_a_warehouse(
    runs: Runs, archive: Callable[..., Path], tmp_path: Path
) -> None:
    folder = archive(runs.built, runs.tested, runs.checked, runs.tested_when_leaking)
    # what must not be imported cannot be
    barred = tmp_path / "barred"
    for package in ("dbt", "duckdb", "pyarrow", "psycopg2"):
        (barred / package).mkdir(parents=True)
        (barred / package / "__init__.py").write_text("raise SystemExit('imported')")
    project = runs.project
    environment = project.environment
    project.run(
        "env", f"PYTHONPATH={barred}{os.pathsep}{environment['PYTHONPATH']}",
        sys.executable, "-m", "exporters", "textfile", "node.prom", "--artifacts", str(folder),
    )  # fmt: skip
    metrics = Metrics((project.folder / "node.prom").read_text())
    assert metrics.states() == {"labels": "pass", "features": "pass"}
    node = {"node": "model.trained.training_view", "resource_type": "model"}
    assert metrics.get("dbt_node_status", **node, status="success") == 1
    assert (metrics.get("dbt_node_execution_seconds", **node) or 0) > 0
    leakage = "test.trained.assert_no_leakage"
    assert metrics.get("dbt_test_failures", node=leakage, severity="error") == 2
    assert metrics.get(
        "dbt_node_status", node=leakage, resource_type="test", status="fail"
    ) == 1  # fmt: skip
    assert metrics.get("dbt_exposure_ready", exposure="training") == 0


def test_an_exposure_is_ready_by_dbt_and_the_archive_together(
    runs: Runs, archive: Callable[..., Path]
) -> None:
    folder = archive(runs.built, runs.tested, runs.checked)
    project = runs.project
    project.export("textfile", "ready.prom", "--artifacts", str(folder))
    ready = Metrics((project.folder / "ready.prom").read_text())
    assert ready.get("dbt_exposure_ready", exposure="training") == 1
    # by dbt, which finds the sources as they were left: bad
    exported = project.export("textfile", "now.prom", "--archive", str(folder))
    now = Metrics((project.folder / "now.prom").read_text())
    assert now.states() == {"labels": "error", "features": "empty"}
    assert now.get("dbt_exposure_ready", exposure="training") == 0
    leakage = "test.trained.assert_no_leakage"
    assert now.get("dbt_test_failures", node=leakage, severity="error") == 0
    # what models declare, of tables that dbt built; one that cannot be read is told apart
    assert now.get("training_rows") == 4
    newest = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    assert now.get("training_known_timestamp_seconds", id="1") == newest
    assert now.get("dbt_model_metrics_up", node="model.trained.training_view") == 1
    assert now.get("dbt_model_metrics_up", node="model.trained.elsewhere") == 0
    assert "metrics of elsewhere: " in exported.stderr


def test_the_archive_drops_its_oldest_runs(runs: Runs, archive: Callable[..., Path]) -> None:
    folder = archive(runs.built, runs.tested, runs.checked)
    target = folder.parent / "target"
    shutil.copytree(runs.tested_when_leaking, target)
    project = runs.project
    command = ("archive", "--from", str(target), "--archive", str(folder), "--keep", "2")
    assert "archived in" in project.export(*command).stdout
    kept = {path.name for path in folder.iterdir()}
    assert kept == {runs.checked.name, runs.tested_when_leaking.name}
    assert project.export(*command).stdout == "archived before\n"


def test_of_runs_within_a_second_the_older_is_dropped(tmp_path: Path) -> None:
    archived = []
    for moment, invocation in (("00.1", "ffffffff"), ("00.2", "00000000")):
        target = tmp_path / invocation
        target.mkdir()
        metadata = {"invocation_id": invocation, "generated_at": f"2026-11-23T04:00:{moment}Z"}
        (target / "manifest.json").write_text(json.dumps({"metadata": metadata}))
        archived.append(archive_run(target, tmp_path / "archive", log=None, keep=1))
    assert list((tmp_path / "archive").iterdir()) == archived[1:]
