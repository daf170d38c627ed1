"""What the operator sees when something is wrong: one line, the right exit code, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pytest
from harness import CLIENT_SECRET, Project

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)


@dataclass
class Site:
    project: Project
    history: History
    served: SimulatedWorkspaces


@pytest.fixture(scope="module")
def built(make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]) -> Site:
    """Work lists are built, nothing is fetched."""
    history = build_history(
        HistoryOptions(
            end=END, messages=120, turns=3, restricted_share=0, deleted_share=0, in_flight=0
        )
    )
    served = serve(history)
    project = make_project()
    project.load(history, served.urls)
    project.build_work_lists()
    return Site(project, history, served)


@pytest.fixture
def site(built: Site, make_project: Callable[[], Project]) -> Site:
    """A copy of the database for each test."""
    project = make_project()
    project.database.write_bytes(built.project.database.read_bytes())
    project.sign_in(built.history)
    return Site(project, built.history, built.served)


def move_workspaces(site: Site, url: str | None) -> None:
    """Give every workspace another address."""
    with duckdb.connect(str(site.project.database)) as connection:
        connection.execute("update genie_raw.workspaces set workspace_url = ?", [url])


def move_to(site: Site, served: SimulatedWorkspaces) -> None:
    """Have every workspace served by another server."""
    with duckdb.connect(str(site.project.database)) as connection:
        for workspace_id, url in served.urls.items():
            connection.execute(
                "update genie_raw.workspaces set workspace_url = ? where workspace_id = ?",
                [url, workspace_id],
            )


def landed(site: Site) -> int:
    count: int = site.project.value("select count(*) from genie_raw.fetch_attempts")
    return count


def only_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    return line


@pytest.mark.parametrize("command", ["messages", "spaces"])
def test_wrong_credentials_are_told_in_one_line(site: Site, command: str) -> None:
    site.project.sign_in(site.history, secret="wrong-and-secret")
    finished = site.project.ingest(command, expect=1)
    line = only_line(finished.stderr)
    assert "not signed in" in line
    assert "DATABRICKS_CLIENT_SECRET" in line
    assert "wrong-and-secret" not in finished.stdout + finished.stderr
    assert landed(site) == 0
    runs = site.project.query(
        "select event, outcome from genie_raw.ingest_runs where command = ?", [command]
    )
    assert {"event": "finish", "outcome": "failed"} in runs


def test_no_credentials_are_told(site: Site) -> None:
    site.project.extra.clear()
    site.project.extra["HOME"] = str(site.project.folder)
    assert "not signed in" in only_line(site.project.ingest("messages", expect=1).stderr)


def test_a_host_that_refuses_is_told(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    move_workspaces(site, f"http://127.0.0.1:{port}")
    started = time.monotonic()
    finished = site.project.ingest("messages", expect=1)
    assert "no answer (ConnectionError)" in only_line(finished.stderr)
    assert time.monotonic() - started < 15
    assert landed(site) == 0


def test_a_host_that_never_answers_is_told(site: Site) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        move_workspaces(site, f"http://127.0.0.1:{silent.getsockname()[1]}")
        finished = site.project.ingest("messages", "--workspace", first_workspace(site), expect=1)
    assert "no answer (ReadTimeout)" in only_line(finished.stderr)


def first_workspace(site: Site) -> str:
    return site.history.workspaces[0].workspace_id


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://workspace.cloud.databricks.com", "https only"),
        ("https://evil.example", "add it to GENIE_ALLOWED_HOSTS"),
        ("https://user:pass@127.0.0.1", "not of the form"),
        ("https://cloud.databricks.com.evil.example", "add it to GENIE_ALLOWED_HOSTS"),
    ],
)
def test_no_credential_is_sent_to_other_hosts(site: Site, url: str, text: str) -> None:
    move_workspaces(site, url)
    finished = site.project.ingest("messages", expect=1)
    assert text in only_line(finished.stderr)
    assert "user:pass" not in finished.stderr


def test_a_workspace_without_url_waits_for_one(site: Site) -> None:
    move_workspaces(site, None)
    line = only_line(site.project.ingest("messages", expect=1).stderr)
    assert "has no URL: load the workspaces table" in line
    reasons = site.project.query(
        "select distinct reason from genie_analytics.genie_messages_to_fetch"
    )
    assert reasons == [{"reason": "never fetched: the workspace has no URL"}]
    assert landed(site) == 0


def test_one_bad_workspace_does_not_stop_the_others(site: Site) -> None:
    with duckdb.connect(str(site.project.database)) as connection:
        connection.execute(
            "update genie_raw.workspaces set workspace_url = null where workspace_id = ?",
            [first_workspace(site)],
        )
    finished = site.project.ingest("messages", expect=2)
    assert "has no URL" in finished.stderr
    others = [
        message
        for message in site.history.messages
        if message.conversation.space.workspace.workspace_id != first_workspace(site)
    ]
    assert landed(site) == len(others) > 0


def test_databricks_host_stands_for_the_only_workspace(
    make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]
) -> None:
    history = build_history(
        HistoryOptions(
            end=END, messages=20, workspaces=1, spaces=1, restricted_share=0, deleted_share=0
        )
    )
    served = serve(history)
    project = make_project()
    project.sign_in(history)
    project.load(history, dict.fromkeys(served.urls))
    project.build_work_lists()
    project.ingest("messages", expect=1)
    (project.extra["DATABRICKS_HOST"],) = served.urls.values()
    project.ingest("messages")
    assert project.value("select count(*) from genie_raw.messages") == 20


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        (Faults(revoked=True), "not signed in"),
        (Faults(too_many_requests_long=1.0, long_retry_seconds=120), "asks to wait"),
    ],
    ids=["revoked", "throttled"],
)
def test_a_workspace_that_takes_no_calls_is_left_to_the_next_run(
    site: Site, serve: Callable[..., SimulatedWorkspaces], faults: Faults, text: str
) -> None:
    closed = serve(site.history, faults=faults)
    move_to(site, closed)
    started = time.monotonic()
    assert text in only_line(site.project.ingest("messages", expect=1).stderr)
    assert time.monotonic() - started < 30
    assert landed(site) == 0
    closed.set_faults(Faults())
    site.project.ingest("messages")
    assert landed(site) == len(site.history.messages)


def test_a_workspace_that_stops_answering_is_given_up(
    site: Site, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    hanging = serve(site.history, faults=Faults(latency=1.0, latency_seconds=0.1))
    move_to(site, hanging)
    only = ("--workspace", first_workspace(site), "--workers", "5", "--timeout", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "messages", *only],
        cwd=site.project.folder,
        env=site.project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not hanging.calls["list_messages"] and time.monotonic() < deadline:
        time.sleep(0.001)
    hanging.set_faults(Faults(timeout=1.0, hang_seconds=60))
    started = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - started < 30
    assert process.returncode == 2, errors
    assert "stopped answering" in errors
    rows = site.project.query(
        "select outcome, error_code, count(distinct conversation_id) as n"
        " from genie_raw.fetch_attempts group by all order by 1"
    )
    silent = [row for row in rows if row["outcome"] == "failed"]
    assert [row["error_code"] for row in silent] == ["TIMEOUT"]
    assert silent[0]["n"] < 5, "the fifth silent call ends it"
    assert "fetched" in {row["outcome"] for row in rows}, "what was fetched before is kept"

    hanging.set_faults(Faults())
    site.project.ingest("messages")
    left = site.project.query(
        "select distinct fetch_state from genie_analytics.genie_messages_to_fetch"
        " where fetch_state <> 'settled'"
    )
    assert left == [{"fetch_state": "waiting"}]


def test_a_missing_database_is_told(project: Project) -> None:
    for command in ("messages", "spaces", "status"):
        line = only_line(project.ingest(command, expect=1).stderr)
        assert "no database at" in line
        assert "make build" in line
    assert not project.database.exists()


def test_a_database_that_was_not_built_is_told(project: Project) -> None:
    project.ingest("init")
    for command in ("messages", "spaces", "status"):
        assert "make build" in only_line(project.ingest(command, expect=1).stderr)


def test_a_malformed_file_is_told_with_its_line(project: Project) -> None:
    path = project.folder / "a.jsonl"
    path.write_text('{"workspace_id": "1"}\n{"workspace_id": \n')
    line = only_line(
        project.ingest("load-files", "--table", "workspaces", str(path), expect=1).stderr
    )
    assert f"{path}:2: not JSON" in line
    assert project.value("select count(*) from genie_raw.workspaces") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("messages", "--workers", "0"),
        ("messages", "--limit", "many"),
        ("load-files", "--table", "audit"),
        ("load-files", "--table", "nothing", "x"),
        ("status", "--log-format", "xml"),
    ],
)
def test_bad_usage_exits_64(project: Project, arguments: tuple[str, ...]) -> None:
    assert "Error" in project.ingest(*arguments, expect=64).stderr


def test_an_unknown_target_is_told(project: Project) -> None:
    line = only_line(project.ingest("status", "--target", "mars", expect=1).stderr)
    assert "no target 'mars'" in line


@pytest.mark.parametrize(
    ("mode", "key", "text"),
    [
        ("secret", "k" * 16, "GENIE_PII_MODE=secret is not a mode"),
        ("hashed", "", "needs GENIE_PII_KEY"),
        ("redacted", "short", "at least 16 characters"),
    ],
)
def test_a_privacy_mode_that_cannot_be_kept_is_refused(
    project: Project, mode: str, key: str, text: str
) -> None:
    project.extra |= {"GENIE_PII_MODE": mode, "GENIE_PII_KEY": key}
    assert text in only_line(project.ingest("init", expect=1).stderr)
    assert not project.database.exists()


def test_a_limit_is_kept(site: Site) -> None:
    site.project.ingest("messages", "--limit", "7", "--workspace", first_workspace(site))
    due = site.project.value(
        "select count(*) from genie_analytics.genie_messages_to_fetch where is_due"
    )
    # a listed conversation lands the messages that nobody knew or that were due within the limit
    assert len(site.history.messages) - due == 7


def test_results_can_be_read_by_programs(site: Site) -> None:
    finished = site.project.ingest("messages", "--log-format", "json")
    last = json.loads(finished.stdout.splitlines()[-1])
    assert last["rows"] == len(site.history.messages)
    assert last["outcome"] == "done"
    assert last["level"] == "info"


def test_no_secret_is_landed(site: Site) -> None:
    site.project.ingest("messages")
    site.project.ingest("spaces")
    assert CLIENT_SECRET.encode() not in site.project.database.read_bytes()


def test_two_ingesters_at_once_do_no_harm(site: Site) -> None:
    command = [sys.executable, "-m", "ingest", "messages"]
    running = [
        subprocess.Popen(
            command,
            cwd=site.project.folder,
            env=site.project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in running:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, output + errors
    work = site.project.query(
        "select fetch_state, count(*) as n from genie_analytics.genie_messages_to_fetch group by 1"
    )
    assert work == [{"fetch_state": "settled", "n": len(site.history.messages)}]
    site.project.dbt("run", "--select", "+silver_messages")
    assert site.project.value("select count(*) from genie_silver.silver_messages") == len(
        site.history.messages
    )


def test_sigterm_keeps_what_was_fetched(
    site: Site, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "messages", "--workers", "1"],
        cwd=site.project.folder,
        env=site.project.environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    before = site.served.calls.total()
    deadline = time.monotonic() + 30
    while site.served.calls.total() == before and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 2), output + errors
    kept = landed(site)
    if process.returncode == 2:
        assert "stopped on request" in errors
        assert 0 < kept < len(site.history.messages)
    site.project.ingest("messages")
    assert landed(site) == len(site.history.messages)
