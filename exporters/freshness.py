"""Collects the freshness of sources: the state of each, as dbt's own report does not tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.artifacts import Check, Checks, Manifest, Source

LOADED_AT = "dbt_source_loaded_at_seconds"
LOADED_AT_HELP = "When the newest row of the source was loaded."

# the clocks of a loader and of a database may differ by less
_CLOCK_SKEW = timedelta(seconds=60)
_LABELS = ("source", "table")


class State(StrEnum):
    """What is known of a source's freshness."""

    PASS = "pass"  # noqa: S105 - dbt's word
    WARN = "warn"
    ERROR = "error"
    RUNTIME_ERROR = "runtime_error"
    EMPTY = "empty"
    FUTURE = "future"
    NOT_RUN = "not_run"


_WITH_TIME = (State.PASS, State.WARN, State.ERROR, State.FUTURE)


def state_of(source: Source, checks: Checks) -> State:
    """Return the state in which a source was found."""
    if source.unique_id in checks.failed:
        return State.RUNTIME_ERROR
    check = checks.found.get(source.unique_id)
    if check is None or source.unique_id in checks.missed:
        return State.NOT_RUN
    return state_at(source, check, check.snapshotted_at)


def state_at(source: Source, check: Check, moment: datetime) -> State:
    """Return the state of a source at a moment, if nothing was loaded since its check."""
    if check.max_loaded_at.year == 1:  # dbt's time for a table without rows
        return State.EMPTY
    if check.max_loaded_at - check.snapshotted_at > _CLOCK_SKEW:
        return State.FUTURE
    age = (moment - check.max_loaded_at).total_seconds()
    if source.error_after is not None and age > source.error_after:
        return State.ERROR
    if source.warn_after is not None and age > source.warn_after:
        return State.WARN
    return State.PASS


class FreshnessCollector:
    """Yields what is known of each source with a freshness policy.

    dbt_source_expected{source="ledger",table="transactions"} 1
    dbt_source_freshness_threshold_seconds{source=...,table=...,severity="warn"} 172800
    dbt_source_freshness_status{source=...,table=...,status="pass"} 1, and 0 for each other state
    dbt_source_empty{source=...,table=...} 0; absent if the source was not looked into
    dbt_source_loaded_at_seconds{source=...,table=...} 1.7e+09; absent for an empty table
    dbt_source_checked_at_seconds{source=...,table=...} 1.7e+09; absent if not looked into

    Labels are bounded by the sources of the project.
    """

    def __init__(
        self,
        manifest: Manifest,
        checks: Checks,
        last_loaded: Mapping[tuple[str, str], float],
    ) -> None:
        """Hold what to tell.

        Args:
            manifest: Names the sources that are expected.
            checks: What dbt found.
            last_loaded: Earlier load times in Unix seconds by source and table, told again for
                sources that could not be checked.
        """
        self._manifest, self._checks, self._last_loaded = manifest, checks, last_loaded

    def collect(self) -> Iterator[Metric]:
        """Yield the families above."""
        expected = _gauge("dbt_source_expected", "Whether the source has a freshness policy.")
        threshold = _gauge(
            "dbt_source_freshness_threshold_seconds",
            "Age of the newest row from which on the source warns or fails.",
            "severity",
        )
        status = _gauge(
            "dbt_source_freshness_status", "1 for the state the source is in.", "status"
        )
        empty = _gauge("dbt_source_empty", "Whether the source has no row.")
        loaded_at = _gauge(LOADED_AT, LOADED_AT_HELP)
        checked_at = _gauge("dbt_source_checked_at_seconds", "When the source was looked into.")
        for source in self._manifest.sources.values():
            names = (source.source, source.table)
            expected.add_metric(names, 1)
            for severity, seconds in (("warn", source.warn_after), ("error", source.error_after)):
                if seconds is not None:
                    threshold.add_metric((*names, severity), seconds)
            state = state_of(source, self._checks)
            for other in State:
                status.add_metric((*names, other), float(other is state))
            if state is State.EMPTY or state in _WITH_TIME:
                check = self._checks.found[source.unique_id]
                checked_at.add_metric(names, check.snapshotted_at.timestamp())
                empty.add_metric(names, float(state is State.EMPTY))
            loaded = self._loaded_at(source, state)
            if loaded is not None:
                loaded_at.add_metric(names, loaded)
        yield from (expected, threshold, status, empty, loaded_at, checked_at)

    def _loaded_at(self, source: Source, state: State) -> float | None:
        if state in _WITH_TIME:
            return self._checks.found[source.unique_id].max_loaded_at.timestamp()
        if state is State.RUNTIME_ERROR:
            return self._last_loaded.get((source.source, source.table))
        return None


def loaded_times(families: Mapping[str, Metric]) -> dict[tuple[str, str], float]:
    """Return the load times in Unix seconds that an earlier export told, by source and table."""
    family = families.get(LOADED_AT)
    samples = family.samples if family else ()
    return {(s.labels["source"], s.labels["table"]): s.value for s in samples}


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=(*_LABELS, *labels))
