"""What counts against an exposure, state by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exporters.archive import Evidence
from exporters.artifacts import Check, Checks, Manifest, Node, Result, Source
from exporters.readiness import Rules, judge

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def node(unique_id: str, *depends_on: str) -> Node:
    kind, name = unique_id.split(".")
    return Node(
        unique_id=unique_id, resource_type=kind, name=name, depends_on=depends_on,
        severity="error", attached_to=None, relation=None, materialized="table", meta={},
        private=frozenset(),
    )  # fmt: skip


SOURCE = Source("source.s", "raw", "s", 2 * DAY.total_seconds(), 5 * DAY.total_seconds())
EXPOSURE = node("exposure.e", "model.m")
NODES = [node("source.s"), node("model.m", "source.s"), node("test.t", "model.m")]


def evidence(
    *, age: timedelta = DAY, failed: bool = False, model: str = "success", test: str = "pass"
) -> Evidence:
    """A source that was checked an hour ago, a model built after it, a test run after that."""
    checked_at = NOW - HOUR
    check = Check("source.s", max_loaded_at=NOW - age, snapshotted_at=checked_at)
    results = [
        Result("model.m", model, 1.0, None, checked_at, checked_at + HOUR / 4),
        Result("test.t", test, 1.0, 3, checked_at + HOUR / 2, checked_at + HOUR / 2),
    ]
    return Evidence(
        Manifest("p", NOW, {"source.s": SOURCE}, {n.unique_id: n for n in NODES}, {}),
        Checks({"source.s": check}, {"source.s": "why"} if failed else {}),
        {result.unique_id: result for result in results},
    )


def states(found: Evidence, rules: Rules | None = None) -> dict[str, str]:
    return {reason.input: reason.state for reason in judge(found, EXPOSURE, rules or Rules(NOW))}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (evidence(), {}),
        (evidence(age=3 * DAY), {"source.s": "warn"}),
        (evidence(age=6 * DAY), {"source.s": "error"}),
        (evidence(age=-DAY), {"source.s": "future"}),
        (evidence(age=NOW - datetime(1, 1, 1, tzinfo=UTC)), {"source.s": "empty"}),
        (evidence(failed=True), {"source.s": "runtime_error"}),
        (evidence(model="error"), {"model.m": "error"}),
        (evidence(model="skipped"), {"model.m": "skipped"}),
        (evidence(test="warn"), {"test.t": "warn"}),
        (evidence(test="fail"), {"test.t": "fail"}),
        (evidence(test="error"), {"test.t": "error"}),
        (evidence(test="skipped"), {"test.t": "skipped"}),
    ],
)
def test_each_state_but_the_good_ones_is_a_no(found: Evidence, expected: dict[str, str]) -> None:
    assert states(found) == expected


def test_warnings_may_be_allowed_and_nothing_else() -> None:
    lenient = Rules(NOW, allow_warn=True)
    assert states(evidence(age=3 * DAY, test="warn"), lenient) == {}
    worse = states(evidence(age=6 * DAY, test="fail"), lenient)
    assert worse == {"source.s": "error", "test.t": "fail"}


def test_age_is_that_of_now_not_that_of_the_check() -> None:
    found = evidence(age=DAY)
    later = Rules(NOW + 2 * DAY, max_age=7 * DAY)
    assert states(found, later) == {"source.s": "warn"}
    assert states(found, Rules(NOW + 5 * DAY, max_age=7 * DAY)) == {"source.s": "error"}


def test_a_model_that_is_built_again_has_to_be_tested_again() -> None:
    found = evidence()
    built = replace(found.results["model.m"], completed_at=NOW)
    again = replace(found, results={**found.results, "model.m": built})
    assert states(again) == {"test.t": "not_run"}


def test_what_is_not_stored_need_not_be_built() -> None:
    found = evidence()
    ephemeral = replace(NODES[1], materialized="ephemeral")
    manifest = replace(found.manifest, nodes={**found.manifest.nodes, "model.m": ephemeral})
    only_test = {"test.t": found.results["test.t"]}
    assert states(replace(found, manifest=manifest, results=only_test)) == {}
