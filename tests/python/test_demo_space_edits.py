"""The past of the simulated spaces: what their owners edited, and how it comes into the landing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from harness import Project

from demo.audit_events import space_events
from demo.history import History, HistoryOptions, build_history
from demo.space_edits import sightings, space_versions
from demo.space_loading import load_space_history

END = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=20))


def test_the_last_version_is_the_present(history: History) -> None:
    for space in history.spaces:
        versions = space_versions(history.options, space)
        assert versions[-1].space == space
        times = [version.from_ms for version in versions]
        assert times == sorted(times)
        assert times[-1] < history.options.end_ms


def test_a_short_history_has_no_edits() -> None:
    short = build_history(HistoryOptions(end=END, messages=20, days=9))
    (version,) = space_versions(short.options, short.spaces[0])
    assert version.space == short.spaces[0]


def test_edits_are_of_several_kinds(history: History) -> None:
    first, second, third, present = (
        version.space for version in space_versions(history.options, history.spaces[0])
    )
    before, after = json.loads(first.serialized_space), json.loads(second.serialized_space)
    assert "join_specs" not in before["instructions"]
    assert len(after["instructions"]["join_specs"]) == 1
    tables = [
        {table["identifier"] for table in config["data_sources"]["tables"]}
        for config in (before, after, json.loads(third.serialized_space))
    ]
    assert tables[0] < tables[1]
    assert {name[-8:] for name in tables[1] - tables[2]} == {"_retired"}
    assert len(after["benchmarks"]["questions"]) == len(before["benchmarks"]["questions"]) + 1
    assert (second.title, third.title) == (f"{present.title} (draft)", present.title)
    assert third.warehouse_id != present.warehouse_id


def test_the_audit_log_has_all_edits_but_the_last(history: History) -> None:
    for space in history.spaces:
        logged = {event.at_ms for event in space_events(space) if event.action == "updateSpace"}
        edits = [version.from_ms for version in space_versions(history.options, space)][1:]
        assert [at_ms in logged for at_ms in edits] == [True, True, False]


def test_a_day_sees_what_was_there(history: History) -> None:
    space = history.spaces[0]
    seen = list(sightings(history.options, space))
    assert len(seen) == history.options.days - 1
    for version in space_versions(history.options, space):
        later = [one for at_ms, one in seen if at_ms >= version.from_ms]
        assert version.space in later
        assert version.space not in [one for at_ms, one in seen if at_ms < version.from_ms]


def test_it_is_landed_once(history: History, tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path / "target")
    landed = load_space_history(project.warehouse, history)
    assert load_space_history(project.warehouse, history) is None
    closed = {space.space_id for space in history.spaces if space.is_restricted}
    assert closed
    spaces = project.query("select space_id, batch_id, fetched_at from genie_raw.spaces")
    assert len(spaces) == landed
    assert {row["space_id"] for row in spaces}.isdisjoint(closed)
    attempts = project.value("select count(*) from genie_raw.fetch_attempts")
    assert attempts == (len(history.spaces) - len(closed)) * (history.options.days - 1)
    for row in spaces:
        assert row["batch_id"].startswith(f"{row['fetched_at']:%Y%m%dT%H%M%S}")
