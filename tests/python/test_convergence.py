"""All faults at once: repeated runs settle what can be settled and name the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from harness import Project

from demo.faults import Faults
from demo.history import HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
SEED = 14
RUNS = 40

# the rules as they are, a thousand times faster
FAST = {
    "retry_seconds": 1,
    "retry_max_seconds": 2,
    "retry_max_attempts": 6,
    "denied_wait_seconds": 1,
    "gone_confirm_seconds": 1,
    "unsettled_seconds": 1,
    "unsettled_max_seconds": 1,
    "unsettled_max_age_seconds": 60,
}

pytestmark = pytest.mark.slow


def test_repeated_runs_converge_under_all_faults(
    project: Project, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    history = build_history(HistoryOptions(end=END, messages=150, in_flight=0, deleted_share=0.02))
    faults = Faults.all_at_once(SEED)
    site = serve(history, faults=faults)
    project.sign_in(history)
    project.load(history, site.urls)
    arguments = ("--exclude-resource-type", "unit_test", "--vars", json.dumps(FAST))
    project.dbt(
        "build", *arguments, "--select", "+genie_messages_to_fetch", "+message_fetch_errors"
    )
    for _ in range(RUNS):
        project.ingest("messages", "--timeout", "2", expect=None)
        left = project.query(
            "select fetch_state, count(*) as n from genie_analytics.genie_messages_to_fetch"
            " where fetch_state not in ('settled', 'gone', 'gave_up') group by 1"
        )
        if not left:
            break
        time.sleep(1)
    assert left == [], f"after {RUNS} runs, faults met: {site.faults_met}"
    assert len(site.faults_met) > 10

    states = {
        row["message_id"]: row
        for row in project.query("select * from genie_analytics.genie_messages_to_fetch")
    }
    unresolved = {
        row["message_id"]
        for row in project.query(
            "select message_id from genie_analytics.message_fetch_errors where not resolved"
        )
    }
    assert set(states) >= {message.message_id for message in history.messages}
    for message in history.messages:
        row = states[message.message_id]
        if message.deleted_ms is not None:
            assert row["fetch_state"] in ("gone", "gave_up"), row
        elif message.conversation.space.is_restricted or faults.fails_always(message.message_id):
            assert row["fetch_state"] == "gave_up", row
            assert message.message_id in unresolved
        else:
            is_unknown = "for too long" in row["reason"]
            assert row["fetch_state"] == ("gave_up" if is_unknown else "settled"), row
        assert row["reason"]

    before = site.calls.total()
    project.ingest("messages", "--timeout", "2", expect=0)
    assert site.calls.total() == before, "what is settled, gone or given up is left alone"
    attempts = project.value("select count(*) from genie_raw.fetch_attempts")
    assert attempts <= FAST["retry_max_attempts"] * 2 * len(history.messages)
    project.dbt("build", *arguments)
