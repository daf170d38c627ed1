"""For an application that knows when it last loaded a source, and serves metrics of its own."""

from __future__ import annotations

from datetime import datetime
from weakref import WeakKeyDictionary

from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from exporters.freshness import LOADED_AT, LOADED_AT_HELP

_GAUGES: WeakKeyDictionary[CollectorRegistry, Gauge] = WeakKeyDictionary()


def set_source_loaded_at(
    source: str, table: str, loaded_at: datetime, registry: CollectorRegistry = REGISTRY
) -> None:
    """Tell when a source was last loaded, as the exporter would: alerts need not know who tells.

    Args:
        source: Name of the source, as dbt has it.
        table: Name of its table.
        loaded_at: When its newest row was loaded, with a time zone.
        registry: Registry that the application serves.

    Raises:
        ValueError: the time has no time zone, so it would be hours off for half of the world.
    """
    if loaded_at.tzinfo is None:
        raise ValueError(f"loaded_at of {source}.{table} has no time zone: {loaded_at}")
    if registry not in _GAUGES:
        _GAUGES[registry] = Gauge(LOADED_AT, LOADED_AT_HELP, ("source", "table"), registry=registry)
    _GAUGES[registry].labels(source, table).set(loaded_at.timestamp())
