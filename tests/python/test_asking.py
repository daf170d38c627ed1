from __future__ import annotations

import json
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


def ask(project: Project, history: History, url: str, *options: str, expect: int = 0) -> str:
    project.sign_in(history)
    project.extra["DATABRICKS_HOST"] = url
    path = project.folder / "questions.jsonl"
    path.write_text("".join(json.dumps({"question": text}) + "\n" for text in QUESTIONS))
    space = history.spaces[0]
    finished = project.ingest(
        "generate-conversations",
        *("--workspace", space.workspace.workspace_id, "--space", space.space_id),
        *("--questions", str(path), *options),
        expect=expect,
    )
    return finished.stdout + finished.stderr


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
