"""One export, whatever the way out: collect, and say how it went without losing what was known.

prometheus_client is imported where it is used: by then dbt runs, which takes longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from exporters.errors import ArtifactError, DbtError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_OWN = "dbt_freshness_exporter_"
_LAST_SUCCESS = f"{_OWN}last_success_timestamp_seconds"

Families = Mapping[str, "Metric"]


class Collector(Protocol):
    """Tells of one concern."""

    def collect(self) -> Iterable[Metric]:
        """Yield metric families."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be told.

    Attributes:
        values: What is known of the data; of the last success, if this run failed.
        about_run: How the run of the exporter went.
        problem: Why it failed, as one line; None if it did not.
    """

    values: Sequence[Metric]
    about_run: Sequence[Metric]
    problem: str | None

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return render([*self.values, *self.about_run])


class Way(Protocol):
    """A way out of the exporter."""

    def last(self) -> Families:
        """Return what was told before, by name; nothing if the way cannot tell."""

    def tell(self, export: Export) -> None:
        """Tell an export.

        Raises:
            OutputError: the place does not take it.
        """


# returns the collectors, given what was told before
Collect = Callable[[Families], Sequence[Collector]]


def export(collect: Collect, way: Way) -> Export:
    """Collect, and tell by a way.

    Args:
        collect: Returns the collectors.
        way: Takes the export.

    Raises:
        OutputError: the way does not take it.
    """
    started, begun = time.time(), time.monotonic()
    last = _Once(way.last)
    try:
        values = [family for part in collect(last) for family in part.collect()]
        problem = None
    except (ArtifactError, DbtError) as error:
        values = [family for name, family in last.items() if not name.startswith(_OWN)]
        problem = str(error)
    success = started if problem is None else _value(last.get(_LAST_SUCCESS))
    made = Export(
        values, list(_about_run(problem, started, success, time.monotonic() - begun)), problem
    )
    way.tell(made)
    return made


def render(families: Iterable[Metric]) -> bytes:
    """Return families in Prometheus' text format."""
    from prometheus_client import generate_latest

    return generate_latest(_Told(families))


class _Told:
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _Once(Mapping[str, "Metric"]):
    """What was told before, read when it is first asked for: most exports need none of it."""

    def __init__(self, read: Callable[[], Families]) -> None:
        self._read = read
        self._families: Families | None = None

    def _all(self) -> Families:
        if self._families is None:
            self._families = self._read()
        return self._families

    def __getitem__(self, name: str) -> Metric:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def _about_run(
    problem: str | None, started: float, success: float | None, seconds: float
) -> Iterator[Metric]:
    from importlib.metadata import version

    from prometheus_client.core import GaugeMetricFamily

    told: list[tuple[str, str, float | None]] = [
        ("last_run_success", "Whether the last run could check the sources.", problem is None),
        ("last_run_timestamp_seconds", "When the last run began.", started),
        ("last_success_timestamp_seconds", "When the last run that succeeded began.", success),
        ("run_duration_seconds", "How long the last run took.", seconds),
    ]
    for name, text, value in told:
        if value is not None:
            yield GaugeMetricFamily(_OWN + name, text, value=float(value))
    build = GaugeMetricFamily(f"{_OWN}build_info", "The exporter's version.", labels=["version"])
    build.add_metric([version("genie-observability")], 1)
    yield build


def _value(family: Metric | None) -> float | None:
    return float(family.samples[0].value) if family and family.samples else None
