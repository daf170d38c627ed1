"""Spaces of 10,000 messages in one conversation, and of 10,000 conversations, in bounded memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from harness import Project

from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces
from demo.system_tables import audit_rows, workspaces_rows

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
SIZE = 10_000
PAGE = 100
SMALL = 10
# as docs/ingestion.md states them
MOST_MEGABYTES = 450
MOST_MEGABYTES_MORE = 150

# a process that is started by a large one would show the peak of that one as its own
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("peak", peak // (1024 * 1024 if sys.platform == "darwin" else 1024))
sys.exit(code)
"""

pytestmark = pytest.mark.slow


@dataclass
class Space:
    """A workspace with one space, and the program that fetches from it."""

    project: Project
    history: History
    served: SimulatedWorkspaces

    def peak_of(self, command: str) -> int:
        """Run a command and return its peak of resident memory in MB."""
        ingest = (sys.executable, "-m", "ingest", command)
        only = ("--workspace", self.history.workspaces[0].workspace_id)
        output = self.project.run(sys.executable, "-c", MEASURE, *ingest, *only).stdout
        return int(output.rpartition("peak")[2])

    def is_landed_once(self) -> bool:
        rows = self.project.query(
            "select message_id from genie_raw.messages where workspace_id = ? order by 1",
            [self.history.workspaces[0].workspace_id],
        )
        expected = sorted(message.message_id for message in self.history.messages)
        return [row["message_id"] for row in rows] == expected


def history_of(messages: int, turns: int) -> History:
    return build_history(
        HistoryOptions(
            end=END,
            messages=messages,
            turns=turns,
            workspaces=1,
            spaces=1,
            seed=messages + turns,
            in_flight=0,
            restricted_share=0,
            deleted_share=0,
        )
    )


@pytest.fixture(scope="module")
def spaces(
    make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]
) -> dict[str, Space]:
    """Three workspaces in one database, so that it is built once."""
    project = make_project()
    histories = {
        "small": history_of(SMALL, turns=1),
        "long": history_of(SIZE, turns=SIZE),
        "wide": history_of(SIZE, turns=1),
    }
    spaces = {name: Space(project, one, serve(one)) for name, one in histories.items()}
    project.sign_in(histories["small"])
    for table in ("workspaces", "audit"):
        path = project.folder / f"{table}.jsonl"
        with path.open("w") as file:
            for space in spaces.values():
                rows = (
                    audit_rows(space.history)
                    if table == "audit"
                    else workspaces_rows(space.history, space.served.urls)
                )
                file.writelines(json.dumps(row) + "\n" for row in rows)
        project.ingest("load-files", "--table", table, str(path))
    kinds = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
    lists = ("+genie_conversations", "+genie_messages_to_fetch", "+genie_spaces_to_fetch")
    project.dbt("build", *kinds, "--select", *lists)
    return spaces


@pytest.fixture(scope="module")
def small_peaks(spaces: dict[str, Space]) -> dict[str, int]:
    """What little work takes: libraries, mostly."""
    return {command: spaces["small"].peak_of(command) for command in ("messages", "conversations")}


@pytest.mark.parametrize(
    ("name", "conversations", "pages"), [("long", 1, SIZE // PAGE), ("wide", SIZE, SIZE)]
)
def test_a_large_space_is_fetched_in_bounded_memory(
    spaces: dict[str, Space],
    small_peaks: dict[str, int],
    capsys: pytest.CaptureFixture[str],
    name: str,
    conversations: int,
    pages: int,
) -> None:
    space = spaces[name]
    peaks = {command: space.peak_of(command) for command in small_peaks}
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {peaks} MB, little work: {small_peaks} MB ")
    assert space.is_landed_once()
    assert space.served.calls == {
        "list_messages": pages,
        "list_conversations": -(-conversations // PAGE),
    }
    for command, peak in peaks.items():
        assert peak < MOST_MEGABYTES
        assert peak < small_peaks[command] + MOST_MEGABYTES_MORE
    # every conversation was listed once
    listed = "select count(*) from genie_raw.conversations where workspace_id = ?"
    workspace_id = space.history.workspaces[0].workspace_id
    assert space.project.value(listed, [workspace_id]) == conversations


@pytest.mark.parametrize("turns", [1, 7, 100])
def test_a_history_may_have_conversations_of_one_length(turns: int) -> None:
    history = history_of(100, turns)
    lengths: dict[str, int] = {}
    for message in history.messages:
        key = message.conversation.conversation_id
        lengths[key] = lengths.get(key, 0) + 1
    full, rest = divmod(100, turns)
    assert sorted(lengths.values()) == sorted([turns] * full + [rest] * bool(rest))


def test_a_conversation_without_questions_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="turns must be at least 1, not 0"):
        history_of(10, 0)
