"""Each state that a source can be in, and each way in which dbt can fail, by the real dbt."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from threading import Timer

import duckdb
import pytest
from servers import PostgresAccess
from watched import AGES, STATES, Metrics, Watched

ENGINES = ("duckdb", "postgres")

# what has nothing to do with the engine
on_duckdb = pytest.mark.parametrize("watched", ["duckdb"], indirect=True)


@pytest.fixture(scope="module", params=ENGINES)
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    extra: dict[str, str] = {}
    if request.param == "postgres":
        access: PostgresAccess = request.getfixturevalue("postgres_access")
        access.renew_database()
        extra |= access.environ
    project = Watched(folder, folder / "target", extra, engine=request.param)
    project.write()
    project.warehouse.create_tables([])
    project.load()
    return project


@pytest.fixture(scope="module")
def exported(watched: Watched) -> CompletedProcess[str]:
    """An export of all sources but one."""
    return watched.export("textfile", "dbt.prom", "--exclude", "source:raw.excluded")


@pytest.fixture(scope="module")
def file(watched: Watched, exported: CompletedProcess[str]) -> Path:
    """What it wrote."""
    return watched.folder / "dbt.prom"


@pytest.fixture(scope="module")
def metrics(file: Path) -> Metrics:
    return Metrics(file.read_text())


def test_each_source_with_a_policy_has_one_state(metrics: Metrics) -> None:
    assert metrics.states() == STATES


def test_why_a_source_could_not_be_checked_is_a_line(exported: CompletedProcess[str]) -> None:
    lines = exported.stderr.splitlines()
    failed = [table for table, state in STATES.items() if state == "runtime_error"]
    assert len(lines) == len(failed)
    for line, table in zip(lines, sorted(failed), strict=True):
        assert f"source.watched.raw.{table} could not be checked: " in line
    assert "does not exist" in lines[1]


def test_loaded_at_is_told_where_there_is_a_time(metrics: Metrics) -> None:
    now = time.time()
    for table, state in STATES.items():
        loaded_at = metrics.get("dbt_source_loaded_at_seconds", source="raw", table=table)
        if state in ("pass", "warn", "error", "future"):
            assert loaded_at is not None
            if table in AGES:
                assert now - loaded_at == pytest.approx(AGES[table].total_seconds(), abs=120)
        else:
            assert loaded_at is None


def test_empty_is_told_where_the_source_was_looked_into(metrics: Metrics) -> None:
    for table, state in STATES.items():
        told = metrics.get("dbt_source_empty", source="raw", table=table)
        assert told == {"runtime_error": None, "not_run": None, "empty": 1}.get(state, 0)


def test_a_time_of_berlin_without_its_zone_is_hours_too_fresh(metrics: Metrics) -> None:
    naive, cast = (
        metrics.get("dbt_source_loaded_at_seconds", source="raw", table=table)
        for table in ("berlin", "berlin_cast")
    )
    assert naive is not None
    assert cast is not None
    assert naive - cast in (3600, 7200)
    assert time.time() - cast == pytest.approx(1800, abs=120)


def test_what_is_expected_comes_from_the_manifest(metrics: Metrics) -> None:
    for table in STATES:
        labels = {"source": "raw", "table": table}
        assert metrics.get("dbt_source_expected", **labels) == 1
        threshold = "dbt_source_freshness_threshold_seconds"
        assert metrics.get(threshold, **labels, severity="warn") == 86_400
        assert metrics.get(threshold, **labels, severity="error") == 3 * 86_400
    assert metrics.get("dbt_source_expected", source="raw", table="unwatched") is None


def test_the_exporter_tells_of_itself(metrics: Metrics) -> None:
    own = "dbt_freshness_exporter_"
    assert metrics.get(f"{own}last_run_success") == 1
    began = metrics.get(f"{own}last_run_timestamp_seconds")
    assert began == metrics.get(f"{own}last_success_timestamp_seconds")
    assert began == pytest.approx(time.time(), abs=120)
    assert 0 < (metrics.get(f"{own}run_duration_seconds") or 0) < 120


def test_the_file_can_be_read_by_others_and_nothing_else_is_left(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert not [path for path in file.parent.iterdir() if path.name.startswith(f".{file.name}")]


def fails(watched: Watched, file: Path, *arguments: str) -> str:
    """Export to a copy of what was told before; return the one line that says why it failed."""
    again = file.with_name("again.prom")
    again.write_bytes(file.read_bytes())
    failed = watched.export("textfile", str(again), *arguments, expect=1)
    before, after = Metrics(file.read_text()), Metrics(again.read_text())
    assert after.without_own() == before.without_own()
    own = "dbt_freshness_exporter_"
    assert after.get(f"{own}last_run_success") == 0
    last, began = f"{own}last_success_timestamp_seconds", f"{own}last_run_timestamp_seconds"
    assert after.get(last) == before.get(last)
    assert (after.get(began) or 0) > (before.get(began) or 0)
    (line,) = failed.stderr.splitlines()
    return line


def test_a_time_out_keeps_what_was_known(watched: Watched, file: Path) -> None:
    assert "stopped after 0.3 s" in fails(watched, file, "--timeout", "0.3")
    assert not list((watched.parsed).glob("exporter_*/run_*"))


def test_a_project_that_does_not_parse_keeps_what_was_known(watched: Watched, file: Path) -> None:
    broken = watched.dbt_folder / "models" / "broken.yml"
    broken.write_text("sources: [")
    try:
        assert "broken.yml" in fails(watched, file)
    finally:
        broken.unlink()


def test_a_database_that_cannot_be_had_keeps_what_was_known(watched: Watched, file: Path) -> None:
    if watched.engine == "duckdb":
        with duckdb.connect(str(watched.database)):
            line = fails(watched, file, "--timeout", "6")
        assert "another process holds genie.duckdb" in line
        return
    password, port = watched.extra["GENIE_PG_PASSWORD"], watched.extra["GENIE_PG_PORT"]
    try:
        watched.extra["GENIE_PG_PASSWORD"] = "not-the-password"
        line = fails(watched, file)
        assert "password authentication failed" in line
        assert "not-the-password" not in line
        watched.extra |= {"GENIE_PG_PASSWORD": password, "GENIE_PG_PORT": "1"}
        assert "Connection refused" in fails(watched, file)
    finally:
        watched.extra |= {"GENIE_PG_PASSWORD": password, "GENIE_PG_PORT": port}


@on_duckdb
def test_an_absent_file_is_told_and_not_made(watched: Watched, file: Path) -> None:
    absent = watched.folder / "absent.duckdb"
    watched.extra["GENIE_DUCKDB_PATH"] = str(absent)
    try:
        assert f"no database at {absent}: `make build` makes one" in fails(watched, file)
    finally:
        del watched.extra["GENIE_DUCKDB_PATH"]
    assert not absent.exists()


@on_duckdb
def test_a_locked_file_is_waited_for(watched: Watched) -> None:
    holder = duckdb.connect(str(watched.database))
    Timer(5, holder.close).start()
    path = watched.folder / "waited.prom"
    watched.export("textfile", str(path), "--select", "source:raw.fresh")
    assert Metrics(path.read_text()).states()["fresh"] == "pass"


def test_a_source_that_fails_keeps_its_last_time_only(watched: Watched, file: Path) -> None:
    path = watched.folder / "dropped.prom"
    path.write_bytes(file.read_bytes())
    with watched.warehouse.transaction() as transaction:
        transaction.execute("alter table raw.stale rename to gone")
    try:
        watched.export("textfile", str(path), "--select", "source:raw.stale")
    finally:
        with watched.warehouse.transaction() as transaction:
            transaction.execute("alter table raw.gone rename to stale")
    before, after = Metrics(file.read_text()), Metrics(path.read_text())
    labels = {"source": "raw", "table": "stale"}
    assert after.states()["stale"] == "runtime_error"
    assert after.get("dbt_source_empty", **labels) is None
    loaded_at = "dbt_source_loaded_at_seconds"
    assert after.get(loaded_at, **labels) == before.get(loaded_at, **labels)
    # what was not looked at is not told from memory
    assert after.get(loaded_at, source="raw", table="fresh") is None


@on_duckdb
def test_a_place_that_cannot_be_written_is_a_failure(watched: Watched) -> None:
    failed = watched.export(
        "textfile", "/nonesuch/dbt.prom", "--select", "source:raw.fresh", expect=1
    )
    assert failed.stderr.splitlines() == [
        "error: /nonesuch/dbt.prom cannot be written: No such file or directory"
    ]


@on_duckdb
def test_a_selection_of_nothing_is_a_failure(watched: Watched, file: Path) -> None:
    assert "dbt checked no source" in fails(watched, file, "--select", "source:raw.unwatched")


@on_duckdb
def test_errors_as_json_are_one_object(watched: Watched) -> None:
    failed = watched.export(
        "textfile", str(watched.folder / "json.prom"), "--timeout", "0.1",
        "--log-format", "json", expect=1,
    )  # fmt: skip
    assert json.loads(failed.stderr)["level"] == "error"


@on_duckdb
def test_bad_usage_is_64(watched: Watched) -> None:
    watched.export("textfile", expect=64)
    watched.export("nonesuch", expect=64)
