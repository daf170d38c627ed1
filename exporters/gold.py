"""Collects metrics that models declare in `config.meta.prometheus`: any model, by YAML alone."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.artifacts import Manifest, Node
from exporters.errors import ArtifactError
from warehouse import Warehouse, WarehouseError

_LOG = logging.getLogger(__name__)

_METRIC = re.compile(r"[a-z][a-z0-9_]*")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")
_AGGREGATES = ("count", "sum", "min", "max")
_KEYS = {"name", "help", "type", "value", "aggregate", "labels"}
_TYPES = ("gauge", "counter")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric of a model.

    Attributes:
        name: Of the metric; that of a counter ends in _total.
        help: What it tells.
        kind: gauge or counter.
        value: Column: a number, a boolean, or a time, told in Unix seconds; None with count.
        aggregate: count, sum, min or max of the rows of each label; None if there is one.
        labels: How many values each label column may have.
    """

    name: str
    help: str
    kind: str
    value: str | None
    aggregate: str | None
    labels: Mapping[str, int]

    def query(self, relation: str) -> str:
        """Return the SQL that reads the metric: label columns, then `value`.

        One row more than there may be is asked for, so that too many are noticed, not read.
        """
        value = self.value or "*"
        told = f"{self.aggregate}({value})" if self.aggregate else value
        groups = f" group by {', '.join(self.labels)}" if self.aggregate and self.labels else ""
        columns = ", ".join([*self.labels, f"{told} as metric_value"])
        most = math.prod(self.labels.values()) + 1
        return f"select {columns} from {relation}{groups} limit {most}"  # noqa: S608 - checked names


class GoldCollector:
    """Yields the metrics that models declare, and whether each such model could be read.

    dbt_model_metrics_up{node="model.p.m"} 1
    genie_messages{fetch_state="settled"} 2000, and whatever else is declared

    Labels are bounded by their declaration: a metric with more values is left out. A column that
    holds personal data is no label.
    """

    def __init__(self, manifest: Manifest, open_warehouse: Callable[[], Warehouse]) -> None:
        self._models = [node for node in manifest.nodes.values() if "prometheus" in node.meta]
        self._open_warehouse = open_warehouse

    def collect(self) -> Iterator[Metric]:
        """Yield the families above."""
        up = GaugeMetricFamily(
            "dbt_model_metrics_up", "Whether the model's metrics could be read.", labels=["node"]
        )
        for node in self._models:
            try:
                families = [self._read(node, metric) for metric in declarations(node)]
            except (ArtifactError, WarehouseError) as error:
                _LOG.warning("metrics of %s: %s", node.name, error)
                up.add_metric([node.unique_id], 0)
            else:
                up.add_metric([node.unique_id], 1)
                yield from families
        yield up

    def _read(self, node: Node, metric: Declaration) -> Metric:
        rows = self._open_warehouse().read(metric.query(str(node.relation))).to_pylist()
        kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        family: Metric = kind(metric.name, metric.help, labels=list(metric.labels))
        seen: dict[str, set[str]] = {label: set() for label in metric.labels}
        told: set[tuple[str, ...]] = set()
        for row in rows:
            labels = tuple(_label(row[label]) for label in metric.labels)
            for label, text in zip(metric.labels, labels, strict=True):
                seen[label].add(text)
            if labels in told:
                raise ArtifactError(f"{metric.name} has two rows of the labels {labels}: aggregate")
            told.add(labels)
            value = _number(row["metric_value"])
            if value is not None:
                family.add_metric(labels, value)  # type: ignore[attr-defined]
        for label, most in metric.labels.items():
            if len(seen[label]) > most:
                raise ArtifactError(f"{metric.name} has more than {most} values of label {label}")
        return family


def declarations(node: Node) -> list[Declaration]:
    """Return the metrics of a model.

    Raises:
        ArtifactError: one is not declared as it should be.
    """
    listed = node.meta["prometheus"]
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ArtifactError("meta.prometheus is no list of metrics")
    return [_declaration(node, entry) for entry in listed]


def _declaration(node: Node, entry: Mapping[str, Any]) -> Declaration:
    metric = Declaration(
        name=str(entry.get("name", "")),
        help=str(entry.get("help", "")),
        kind=str(entry.get("type", "gauge")),
        value=entry.get("value"),
        aggregate=entry.get("aggregate"),
        labels=entry.get("labels") or {},
    )
    columns = [*metric.labels, *([metric.value] if metric.value else [])]
    private = sorted(node.private & set(columns))
    wrong = {
        f"unknown keys {sorted(entry.keys() - _KEYS)}": entry.keys() - _KEYS,
        "name is no metric's": not _METRIC.fullmatch(metric.name),
        "help is missing": not metric.help,
        f"type is none of {_TYPES}": metric.kind not in _TYPES,
        f"aggregate is none of {_AGGREGATES}": metric.aggregate not in (None, *_AGGREGATES),
        "either value or aggregate: count": (metric.value is None) != (metric.aggregate == "count"),
        "a column is no column's name": not all(_COLUMN.fullmatch(str(name)) for name in columns),
        "labels need a bound each": not all(
            isinstance(most, int) and most > 0 for most in metric.labels.values()
        ),
        f"{', '.join(private)} holds personal data": private,
    }
    for problem, is_so in wrong.items():
        if is_so:
            raise ArtifactError(f"{metric.name or 'a metric'}: {problem}")
    return metric


def _label(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _number(value: Any) -> float | None:
    """Return a value as a metric has it: None for null, Unix seconds for a time."""
    if value is None:
        return None
    if isinstance(value, datetime):
        # naive times are UTC, as everywhere in the warehouse
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArtifactError(f"a value is {type(value).__name__}, no number") from None
