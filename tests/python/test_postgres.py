"""The project on real Postgres servers: what it builds, and what it survives."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from harness import WORK_LISTS, Project
from servers import PostgresAccess, running_server

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
MODELS_ONLY = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.slow


def everything(messages: int) -> History:
    return build_history(HistoryOptions(end=END, messages=messages, deleted_share=0.01))


def start(project: Project, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_everything_builds(
    postgres_project: Project, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    project = postgres_project
    build_everything(project, serve)
    project.dbt("test", "--select", "test_type:unit")
    # the history ended in the past: the check runs, and says that it is stale
    checked = project.dbt("source", "freshness", expect=None).stdout
    assert "ERROR STALE" in checked or "PASS" in checked
    assert "runtime error" not in checked.lower()
    project.dbt("docs", "generate")


def test_old_content_is_purged(postgres_project: Project) -> None:
    project = postgres_project  # as the test before left it
    before = project.query(
        "select message_id, status, attachments_count from genie_analytics.message_details"
        " order by message_id"
    )
    keep_a_day = ("--vars", json.dumps({"content_retention_days": 1}))
    project.dbt("build", *MODELS_ONLY, *keep_a_day)
    assert "genie_raw" not in project.ingest("purge").stderr
    project.dbt("build", *MODELS_ONLY, *keep_a_day)
    after = project.query(
        "select message_id, status, attachments_count from genie_analytics.message_details"
        " order by message_id"
    )
    assert after == before
    kept = (
        "select count(*) from genie_analytics.message_details where content <> '[purged]'"
        f" and created_date < date '{END:%Y-%m-%d}' - 5"
    )
    assert project.value(kept) == 0
    assert "nothing" in project.ingest("purge").stdout


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="no Postgres 15: see `make test-deps`")
def test_everything_builds_on_version_15(
    tmp_path: Path, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    with running_server(DEBIAN_15) as server:
        extra = {**server.environ, "GENIE_COLUMN_COMMENTS": "true"}
        project = Project(tmp_path, tmp_path / "target", extra, engine="postgres")
        assert project.value("select current_setting('server_version_num')").startswith("15")
        build_everything(project, serve)
        table = "'genie_analytics.message_details'::regclass"
        assert project.value(f"select col_description({table}, 1)").startswith("Key of the message")


def build_everything(project: Project, serve: Callable[..., SimulatedWorkspaces]) -> None:
    """Seeds, models, snapshot, data tests, status."""
    history = everything(200)
    site = serve(history)
    project.sign_in(history)
    project.load(history, site.urls)
    project.build_work_lists()
    for command in ("spaces", "conversations", "messages", "comments", "evals"):
        project.ingest(command, expect=None)
    project.dbt("build", "--exclude-resource-type", "unit_test")
    built = "select count(*) from genie_analytics.message_details where status is not null"
    assert project.value(built) > 150
    assert "messages by state" in project.ingest("status").stdout


def test_two_ingesters_and_a_build_at_once(
    postgres_project: Project,
    postgres_access: PostgresAccess,
    serve: Callable[..., SimulatedWorkspaces],
) -> None:
    project, history = postgres_project, everything(600)
    site = serve(history, faults=Faults(latency=1.0, latency_seconds=0.02))
    postgres_access.renew_database()
    project.sign_in(history)
    project.load(history, site.urls)
    project.dbt("build", *MODELS_ONLY, "--select", "+message_details", *WORK_LISTS)
    faults: list[str] = []
    done = threading.Event()

    def read_the_work_list() -> None:
        while not done.is_set():
            try:
                project.query("select count(*) as n from genie_analytics.genie_messages_to_fetch")
            except Exception as error:  # noqa: BLE001 - told below
                faults.append(str(error))

    reader = threading.Thread(target=read_the_work_list)
    reader.start()
    ingest = (sys.executable, "-m", "ingest", "messages", "--batch-rows", "40", "--workers", "1")
    dbt = (
        str(Path(sys.executable).with_name("dbt")),
        "build",
        "--exclude-resource-type",
        "unit_test",
    )
    programs = [start(project, *ingest), start(project, *ingest), start(project, *dbt)]
    outputs = [program.communicate(timeout=300)[0] for program in programs]
    done.set()
    reader.join()
    assert faults == []
    # 2: some of the messages are in a space that we may not read
    assert [program.returncode for program in programs] == [2, 2, 0], outputs

    project.dbt("build", *MODELS_ONLY, "--select", "+message_details", *WORK_LISTS)
    (gold,) = project.query(
        "select count(*) as n, count(distinct message_id) as distinct_n"
        " from genie_analytics.message_details where status is not null"
    )
    reachable = [
        message
        for message in history.messages
        if message.deleted_ms is None and not message.conversation.space.is_restricted
    ]
    assert gold == {"n": len(reachable), "distinct_n": len(reachable)}


def test_a_killed_server_costs_a_batch_and_no_more(
    tmp_path: Path, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    history = build_history(
        HistoryOptions(end=END, messages=600, restricted_share=0, deleted_share=0, in_flight=0)
    )
    site = serve(history, faults=Faults(latency=1.0, latency_seconds=0.05))
    with running_server(port=free_port()) as server:
        # a target folder of its own: another port makes dbt parse anew, and so the next test
        project = Project(tmp_path, tmp_path / "target", dict(server.environ), engine="postgres")
        project.sign_in(history)
        project.load(history, site.urls)
        project.build_work_lists()
        ingester = start(
            project,
            *(sys.executable, "-m", "ingest", "messages", "--batch-rows", "40", "--workers", "1"),
        )
        wait_for_rows(project, 60)
        server.kill()
        output, _ = ingester.communicate(timeout=60)
        assert ingester.returncode == 1
        assert output.strip().splitlines()[-1].startswith("error: Postgres at 127.0.0.1")
        assert "Traceback" not in output

        refused = project.ingest("messages", expect=1)
        assert "is it running" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1

        server.start()
        landed = "select count(distinct message_id) from genie_raw.messages"
        assert 60 <= project.value(landed) < len(history.messages)
        project.ingest("messages")
        assert project.value(landed) == len(history.messages)
        assert project.value("select count(*) from genie_raw.messages") == len(history.messages)
        unfinished = (
            "select count(*) from genie_raw.ingest_runs as started where event = 'start' and not"
            " exists (select 1 from genie_raw.ingest_runs as finished where"
            " finished.event = 'finish' and finished.run_id = started.run_id)"
        )
        assert project.value(unfinished) == 0


def wait_for_rows(project: Project, rows: int) -> None:
    give_up_at = time.monotonic() + 60
    while project.value("select count(*) from genie_raw.messages") < rows:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_view_with_other_columns_gives_way(postgres_project: Project) -> None:
    project = postgres_project  # as the test before left it
    view = "genie_analytics.genie_messages_to_fetch"
    with project.warehouse.transaction() as transaction:
        transaction.execute(f"drop view {view} cascade")
        transaction.execute(f"create view {view} as select 1 as message_id, 2 as of_old")
        transaction.execute(f"create view genie_analytics.someones as select * from {view}")
    project.dbt("run", "--select", "genie_messages_to_fetch")
    assert project.query(f"select is_due from {view} limit 1") is not None
    # what reads the view stays when it is built again with the same columns
    with project.warehouse.transaction() as transaction:
        transaction.execute(f"create view genie_analytics.someones as select is_due from {view}")
    project.dbt("run", "--select", "bronze_genie__fetch_attempts", "genie_messages_to_fetch")
    assert project.query("select count(*) as n from genie_analytics.someones")
