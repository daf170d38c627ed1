"""Says whether what an exposure reads may be used: fresh, built, tested, and that lately.

It fails closed: what there is no evidence of counts against the exposure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.ages import tell_age
from exporters.archive import Evidence
from exporters.artifacts import Node, Result, Source
from exporters.freshness import State, state_at

DEFAULT_MAX_AGE = timedelta(hours=24)

_BUILT = ("model", "seed", "snapshot")


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as good enough.

    Attributes:
        now: When it is asked.
        max_age: How old a check, build or test may be.
        allow_warn: Whether sources and tests may warn.
    """

    now: datetime
    max_age: timedelta = DEFAULT_MAX_AGE
    allow_warn: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: an input (unique id), its state in one word, and the same in a sentence."""

    input: str
    state: str
    text: str


def judge(evidence: Evidence, exposure: Node, rules: Rules) -> list[Reason]:
    """Return why an exposure's inputs may not be used; nothing if they may."""
    return list(_Judgement(evidence, rules).of(exposure))


class ExposureCollector:
    """Yields whether each exposure's inputs may be used.

    dbt_exposure_ready{exposure="ml_training_pipeline"} 1
    """

    def __init__(self, evidence: Evidence, now: datetime) -> None:
        self._evidence, self._now = evidence, now

    def collect(self) -> Iterator[Metric]:
        """Yield the family above."""
        ready = GaugeMetricFamily(
            "dbt_exposure_ready",
            "Whether all that the exposure reads is fresh, built and tested.",
            labels=["exposure"],
        )
        for exposure in self._evidence.manifest.exposures.values():
            reasons = judge(self._evidence, exposure, Rules(self._now))
            ready.add_metric([exposure.name], float(not reasons))
        yield ready


class _Judgement:
    def __init__(self, evidence: Evidence, rules: Rules) -> None:
        self._evidence, self._rules = evidence, rules
        self._nodes = evidence.manifest.nodes
        self._loads: dict[str, datetime | None] = {}

    def of(self, exposure: Node) -> Iterator[Reason]:
        inputs = self._upstream(exposure.depends_on)
        for key in sorted(inputs):
            source, node = self._evidence.manifest.sources.get(key), self._nodes[key]
            if source is not None:
                yield from self._source(source)
            elif node.resource_type in _BUILT and node.materialized != "ephemeral":
                yield from self._built(node)
        for test in sorted(self._tests(inputs), key=lambda test: test.unique_id):
            yield from self._test(test)

    def _upstream(self, keys: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found and key in self._nodes:
                found.add(key)
                waiting += self._nodes[key].depends_on
        return found

    def _tests(self, inputs: set[str]) -> Iterator[Node]:
        """Yield the data tests of inputs: those written at one, and singular ones that read one."""
        for node in self._nodes.values():
            if node.resource_type == "test":
                tested = (node.attached_to,) if node.attached_to else node.depends_on
                if inputs.intersection(tested):
                    yield node

    def _source(self, source: Source) -> Iterator[Reason]:
        key, checks = source.unique_id, self._evidence.checks
        name = f"source {source.source}.{source.table}"
        check = checks.found.get(key)
        if key in checks.failed:
            yield Reason(key, State.RUNTIME_ERROR, f"{name} could not be checked")
        elif key in checks.missed:
            yield Reason(key, State.NOT_RUN, f"{name} is not in the last report on freshness")
        elif check is None:
            yield Reason(key, State.NOT_RUN, f"the freshness of {name} was never checked")
        elif self._is_old(check.snapshotted_at):
            yield Reason(
                key, State.NOT_RUN, f"{name} was last checked {self._ago(check.snapshotted_at)}"
            )
        else:
            state = state_at(source, check, self._rules.now)
            told = {
                State.EMPTY: f"{name} is empty",
                State.FUTURE: f"{name} has rows of the future",
                State.ERROR: f"{name} is stale: loaded {self._ago(check.max_loaded_at)}",
            }
            if not self._rules.allow_warn:
                told[State.WARN] = f"{name} is late: loaded {self._ago(check.max_loaded_at)}"
            if state in told:
                yield Reason(key, state, told[state])

    def _built(self, node: Node) -> Iterator[Reason]:
        result, name = self._result(node), f"{node.resource_type} {node.name}"
        if result is None:
            yield Reason(node.unique_id, State.NOT_RUN, f"no run of {name} is known")
        elif result.status != "success":
            yield Reason(node.unique_id, result.status, f"{name}: last run {result.status}")
        elif self._is_old(result.completed_at):
            ago = self._ago(result.completed_at)
            yield Reason(node.unique_id, State.NOT_RUN, f"{name} was last built {ago}")

    def _test(self, test: Node) -> Iterator[Reason]:
        result, name = self._result(test), f"test {test.name}"
        passed = ("pass", "warn") if self._rules.allow_warn else ("pass",)
        loads = [moment for moment in map(self._loaded_at, test.depends_on) if moment]
        if result is None:
            yield Reason(test.unique_id, State.NOT_RUN, f"no run of {name} is known")
        elif result.status not in passed:
            rows = f", {result.failures} rows" if result.failures else ""
            yield Reason(test.unique_id, result.status, f"{name}: last run {result.status}{rows}")
        elif self._is_old(result.started_at):
            ago = self._ago(result.started_at)
            yield Reason(test.unique_id, State.NOT_RUN, f"{name} last ran {ago}")
        elif loads and result.started_at < max(loads):
            yield Reason(test.unique_id, State.NOT_RUN, f"{name} last ran before its data came")

    def _loaded_at(self, key: str) -> datetime | None:
        """Return when a node, or what it is made of, was last loaded or built."""
        if key not in self._loads:
            node = self._nodes.get(key)
            parents = node.depends_on if node else ()
            moments = [self._own_load(key), *map(self._loaded_at, parents)]
            self._loads[key] = max((moment for moment in moments if moment), default=None)
        return self._loads[key]

    def _own_load(self, key: str) -> datetime | None:
        check = self._evidence.checks.found.get(key)
        if check is not None:
            # a row of the future says nothing of when it came
            return min(check.max_loaded_at, check.snapshotted_at)
        result = self._evidence.results.get(key)
        return result.completed_at if result else None

    def _result(self, node: Node) -> Result | None:
        return self._evidence.results.get(node.unique_id)

    def _is_old(self, moment: datetime) -> bool:
        return self._rules.now - moment > self._rules.max_age

    def _ago(self, moment: datetime) -> str:
        return f"{tell_age(self._rules.now - moment)} ago"
