"""The way out to people: plain text, fit for a daily mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from prometheus_client.samples import Sample

from exporters.ages import tell_age
from exporters.exporting import Export, Families
from exporters.freshness import LOADED_AT, State

_WORST_FIRST = (
    *(State.RUNTIME_ERROR, State.NOT_RUN, State.ERROR, State.EMPTY, State.FUTURE),
    *(State.WARN, State.PASS),
)
_FINE = ("success", "pass", "no-op")


class Report:
    """Says what is wrong before what is right."""

    def __init__(self, say: Callable[[str], None], now: datetime | None = None) -> None:
        """Say lines, as of a moment; as of this one if None."""
        self._say, self._now = say, now or datetime.now(UTC)

    def last(self) -> Families:
        """Return nothing: a report has no memory."""
        return {}

    def tell(self, export: Export) -> None:
        """Say an export; of one that failed, nothing is known."""
        if export.problem is None:
            families = {family.name: family.samples for family in export.values}
            for line in self._lines(families):
                self._say(line)

    def _lines(self, families: dict[str, list[Sample]]) -> Iterator[str]:
        sources = list(self._sources(families))
        bad = sum(state is not State.PASS for state, _, _ in sources)
        yield f"{bad or 'none'} of {len(sources)} sources not fresh, {self._now:%Y-%m-%d %H:%M} UTC"
        width = max((len(name) for _, name, _ in sources), default=0)
        for state, name, told in sources:
            yield f"  {state:<13}  {name:<{width}}  {told}".rstrip()
        nodes = list(_unfinished(families))
        yield f"{len(nodes) or 'none'} of {len(families['dbt_node_status'])} nodes did not succeed"
        yield from (f"  {line}" for line in nodes)
        for sample in families["dbt_exposure_ready"]:
            ready = "ready" if sample.value else "not ready: genie-exporter gate says why"
            yield f"exposure {sample.labels['exposure']}: {ready}"

    def _sources(self, families: dict[str, list[Sample]]) -> Iterator[tuple[State, str, str]]:
        """Yield state, name and age of each source, the worst first."""
        loaded = {_source(sample): sample.value for sample in families[LOADED_AT]}
        states = {
            _source(sample): State(sample.labels["status"])
            for sample in families["dbt_source_freshness_status"]
            if sample.value
        }
        for name, state in sorted(
            states.items(), key=lambda item: (_WORST_FIRST.index(item[1]), item[0])
        ):
            yield state, name, self._age(loaded[name]) if name in loaded else ""

    def _age(self, loaded_at: float) -> str:
        age = timedelta(seconds=self._now.timestamp() - loaded_at)
        if age < timedelta(0):
            return f"loaded {tell_age(-age)} ahead of time"
        return f"loaded {tell_age(age)} ago"


def _source(sample: Sample) -> str:
    return f"{sample.labels['source']}.{sample.labels['table']}"


def _unfinished(families: dict[str, list[Sample]]) -> Iterator[str]:
    failures = {s.labels["node"]: int(s.value) for s in families["dbt_test_failures"]}
    for sample in families["dbt_node_status"]:
        node, status = sample.labels["node"], sample.labels["status"]
        if status not in _FINE:
            rows = f", {failures[node]} rows" if failures.get(node) else ""
            yield f"{node}: {status}{rows}"
