from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from harness import Project

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from ingest.asking import read_questions
from ingest.errors import BadFileError

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
QUESTIONS = ["How many orders?", "Who sells most?", "\u05de\u05d4?"]


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=20, workspaces=1, spaces=1, in_flight=0))


@pytest.fixture(scope="module")
def built(make_project: Callable[[], Project], history: History) -> Project:
    project = make_project()
    project.load(history, {history.workspaces[0].workspace_id: None})
    project.build_work_lists()
    return project


def arguments(project: Project, history: History, url: str) -> tuple[str, ...]:
    project.sign_in(history)
    project.extra["DATABRICKS_HOST"] = url
    path = project.folder / "questions.jsonl"
    path.write_text("".join(json.dumps({"question": text}) + "\n" for text in QUESTIONS))
    space = history.spaces[0]
    return (
        "generate-conversations",
        *("--workspace", space.workspace.workspace_id, "--space", space.space_id),
        *("--questions", str(path)),
    )


def ask(project: Project, history: History, url: str, *options: str, expect: int = 0) -> str:
    finished = project.ingest(*arguments(project, history, url), *options, expect=expect)
    return finished.stdout + finished.stderr


def start_asking(project: Project, history: History, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ingest", *arguments(project, history, url)],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def url_of(site: SimulatedWorkspaces) -> str:
    return next(iter(site.urls.values()))


def asked(site: SimulatedWorkspaces) -> int:
    return sum(row["action_name"] == "genieStartConversationMessage" for row in site.audit_rows())


def test_questions_are_asked_at_the_stated_pace_and_land(
    built: Project, history: History, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    site = serve(history, rules=Rules(asks_per_minute=100))
    started = time.monotonic()
    output = ask(built, history, url_of(site), "--per-minute", "60")
    assert time.monotonic() - started >= 2
    assert "3 questions asked" in output
    assert asked(site) == 3
    contents = built.query("select payload from genie_raw.messages order by fetched_at")
    assert [json.loads(row["payload"])["content"] for row in contents] == QUESTIONS
    states = built.query(
        "select distinct fetch_state from genie_analytics.genie_messages_to_fetch"
        " where last_fetched_at is not null"
    )
    assert states == [{"fetch_state": "unsettled"}]


def test_nothing_is_asked_twice_after_a_time_out(
    built: Project, history: History, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    site = serve(
        history, rules=Rules(asks_per_minute=100), faults=Faults(timeout=1.0, hang_seconds=1.5)
    )
    options = ("--per-minute", "600", "--limit", "2", "--timeout", "1")
    output = ask(built, history, url_of(site), *options, expect=2)
    assert output.count("not asked again") == 2
    assert asked(site) == 2


def test_a_question_that_was_refused_for_its_pace_is_asked_when_told(
    built: Project, history: History, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    site = serve(
        history, rules=Rules(asks_per_minute=100), faults=Faults(seed=1, too_many_requests=0.5)
    )
    started = time.monotonic()
    output = ask(built, history, url_of(site), "--per-minute", "600")
    refused = site.faults_met["too_many_requests"]
    assert refused
    assert refused <= time.monotonic() - started < 60, "Retry-After is a second"
    assert f"{len(QUESTIONS)} questions asked" in output
    assert asked(site) == len(QUESTIONS)
    assert site.calls["start_conversation"] == len(QUESTIONS) + refused


def test_without_a_time_a_minute_is_waited_unless_stopped(
    built: Project, history: History, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    site = serve(history, faults=Faults(too_many_requests_bare=1.0))
    with start_asking(built, history, url_of(site)) as process:
        wait_for(lambda: site.calls["start_conversation"] == 1)
        time.sleep(2)
        assert site.calls["start_conversation"] == 1
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "stopped on request" in errors
    assert asked(site) == 0


def test_refusals_are_told(
    built: Project, history: History, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    site = serve(history, faults=Faults(denied=frozenset({history.spaces[0].space_id})))
    output = ask(built, history, url_of(site), "--per-minute", "600", "--limit", "1", expect=2)
    assert "not asked again" in output
    assert asked(site) == 0


@pytest.mark.parametrize("line", ["what?", '{"sql": "x"}', '{"question": " "}', "[1]"])
def test_a_line_without_a_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "Who?"}\n\n' + line)
    with pytest.raises(BadFileError, match=r"q\.jsonl:3: no JSON object with a question"):
        read_questions(path)
