"""The ingester is killed a hundred times at random moments."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from forked import run_forked
from harness import Project

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
ROUNDS = 100
BATCH_ROWS = 120
MESSAGES_OF_BATCH = BATCH_ROWS // 2  # a payload and an attempt each
WORKERS = 2
TURNS = 5  # of every conversation, so that each call of a list brings as many messages
LATENCY_SECONDS = 0.03

pytestmark = pytest.mark.slow


@dataclass
class Life:
    """One database, from nothing fetched to all fetched."""

    project: Project
    site: SimulatedWorkspaces
    calls_before: int
    kills: int = 0
    in_vain: int = 0

    def landed(self) -> int:
        count: int = self.project.value("select count(distinct message_id) from genie_raw.messages")
        return count

    def fetched_in_vain(self) -> int:
        """Messages that were sent to it and that it has not; grows by each kill."""
        time.sleep(5 * LATENCY_SECONDS)  # what was asked for right before a kill is counted late
        calls = self.site.calls["list_messages"] - self.calls_before
        return calls * TURNS - self.landed()


def run_and_kill(project: Project, after_seconds: float) -> bool:
    """Run the ingester; return whether it was killed before its end."""
    sizes = ("--workers", str(WORKERS), "--batch-rows", str(BATCH_ROWS))
    try:
        finished = run_forked(
            *("genie-ingest", ("messages", *sizes)),
            cwd=project.folder,
            env=project.environment,
            timeout=after_seconds,
        )
    except subprocess.TimeoutExpired:
        return True
    assert finished.returncode == 0, finished.stderr
    return False


def test_nothing_is_lost_or_doubled_by_kills(
    make_project: Callable[[], Project],
    serve: Callable[..., SimulatedWorkspaces],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed = int(os.environ.get("KILL_SEED", time.time_ns() % 1_000_000))
    with capsys.disabled():
        sys.stdout.write(f"\nKILL_SEED={seed} ")
    chance = random.Random(seed)
    history = build_history(
        HistoryOptions(
            end=END, messages=1_500, turns=TURNS, restricted_share=0, deleted_share=0, in_flight=0
        )
    )
    site = serve(history, faults=Faults(latency=1.0, latency_seconds=LATENCY_SECONDS))
    built = make_project()
    built.load(history, site.urls)
    built.build_work_lists()

    lives: list[Life] = []
    worst = 0
    for _ in range(ROUNDS):
        if not lives or lives[-1].landed() == len(history.messages):
            lives.append(new_life(make_project, built, history, site))
        worst = max(worst, one_round(lives[-1], chance))
    with capsys.disabled():
        sys.stdout.write(f"worst kill: {worst} of {MESSAGES_OF_BATCH} messages ")
    kills = sum(life.kills for life in lives)
    assert kills > ROUNDS / 2

    last = lives[-1]
    last.project.ingest("messages")
    for life in lives:
        assert life.landed() == len(history.messages)
        assert not unfinished_runs(life)
    last.project.dbt("build", "--exclude-resource-type", "unit_test")
    gold = (
        "select count(*) as n, count(distinct message_id) as m from genie_analytics.message_details"
    )
    assert last.project.query(gold) == [{"n": len(history.messages), "m": len(history.messages)}]


def new_life(
    make_project: Callable[[], Project], built: Project, history: History, site: SimulatedWorkspaces
) -> Life:
    project = make_project()
    project.database.write_bytes(built.database.read_bytes())
    project.sign_in(history)
    return Life(project, site, site.calls["list_messages"])


def one_round(life: Life, chance: random.Random) -> int:
    """Run once and return how many messages will have to be fetched again."""
    was_killed = run_and_kill(life.project, chance.uniform(0.05, 1.0))
    life.kills += was_killed
    before, life.in_vain = life.in_vain, life.fetched_in_vain()
    in_vain = life.in_vain - before
    assert in_vain <= (MESSAGES_OF_BATCH if was_killed else 0), "at most one batch is fetched twice"
    rows = life.project.query(
        "select message_id, count(*) as n from genie_raw.messages group by 1 having count(*) > 1"
    )
    assert rows == [], "a message that was stored is not fetched again"
    attempts = "select count(*) from genie_raw.fetch_attempts"
    assert life.project.value(attempts) == life.landed(), "payloads and attempts commit together"
    return in_vain


def unfinished_runs(life: Life) -> list[dict[str, object]]:
    """Start one more run, which closes those that died; list what is still open."""
    life.project.ingest("messages")
    return life.project.query(
        "select run_id from genie_raw.ingest_runs group by run_id"
        " having count(case when event = 'finish' then 1 end) <> 1"
    )
