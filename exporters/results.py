"""Collects what dbt's last runs made of models, seeds, snapshots and tests."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.archive import Evidence


class ResultCollector:
    """Yields the newest result of each node that the project still has.

    dbt_node_status{node="model.p.m",resource_type="model",status="success"} 1
    dbt_node_execution_seconds{node="model.p.m",resource_type="model"} 0.8
    dbt_node_completed_at_seconds{node="model.p.m",resource_type="model"} 1.7e+09
    dbt_test_failures{node="test.p.t",severity="error"} 3, in rows; absent if it could not run

    Labels are bounded by the nodes of the project; a node has one status.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def collect(self) -> Iterator[Metric]:
        """Yield the families above."""
        labels = ("node", "resource_type")
        status = GaugeMetricFamily(
            "dbt_node_status",
            "1 for how the node's last run ended.",
            labels=(*labels, "status"),
        )
        seconds = GaugeMetricFamily(
            "dbt_node_execution_seconds", "How long the node's last run took.", labels=labels
        )
        completed = GaugeMetricFamily(
            "dbt_node_completed_at_seconds", "When the node's last run ended.", labels=labels
        )
        failures = GaugeMetricFamily(
            "dbt_test_failures", "Rows that failed the test.", labels=("node", "severity")
        )
        for key, result in sorted(self._evidence.results.items()):
            node = self._evidence.manifest.nodes.get(key)
            if node is None:
                continue
            names = (key, node.resource_type)
            status.add_metric((*names, result.status), 1)
            seconds.add_metric(names, result.seconds)
            completed.add_metric(names, result.completed_at.timestamp())
            if node.resource_type == "test" and result.failures is not None:
                failures.add_metric((key, node.severity), result.failures)
        yield from (status, seconds, completed, failures)
