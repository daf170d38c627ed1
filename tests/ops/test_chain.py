"""From rows that are too old to a person who is told: every program is the real one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import yaml
from faults import HEALTHY
from monitoring import (
    OPS,
    RULES,
    Receiver,
    alertmanager,
    eventually,
    fetch,
    free_port,
    program,
    prometheus,
    running,
    shipped_alertmanager,
)
from small_ledger import Ledger
from watched import Metrics

from warehouse.ledger import LEDGER_TABLES

WAYS = ("push", "textfile", "http")


@dataclass
class Chain:
    """The programs between a database and a person, on ports of their own."""

    project: Ledger
    receiver: Receiver
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("gateway", "node", "exporter")}
    )

    @property
    def folder(self) -> Path:
        return self.project.folder

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    @contextmanager
    def exported(self) -> Iterator[None]:
        """Export by each way; what is served is there until the block ends."""
        textfile = self.folder / "textfile/dbt.prom"
        self.project.export("push", "--gateway", self.url("gateway"), "--group", "env=push")
        self.project.export("textfile", str(textfile))
        address = self.url("exporter").removeprefix("http://")
        process = subprocess.Popen(
            [sys.executable, "-m", "exporters", "serve", "--listen", address],
            cwd=self.folder, env=self.project.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            eventually(lambda: "dbt_source_expected" in fetch(f"{self.url('exporter')}/metrics"))
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0

    def prometheus_config(self, alerted: str) -> Path:
        """Write the shipped configuration and rules, with short waits and our addresses."""
        config: dict[str, Any] = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text())
        config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
        (folder := self.folder / "rules").mkdir()
        for path in RULES:
            document = yaml.safe_load(path.read_text())
            for rule in (rule for group in document["groups"] for rule in group["rules"]):
                if "for" in rule:
                    # on a busy machine the first scrape takes its time
                    is_dead = rule["alert"] == "FreshnessExporterDead"
                    rule["for"] = "20s" if is_dead else "5s"
            (folder / path.name).write_text(yaml.safe_dump(document))
        (manager,) = config["alerting"]["alertmanagers"]
        manager["static_configs"] = [{"targets": [alerted.removeprefix("http://")]}]
        jobs = {job["job_name"]: job for job in config["scrape_configs"]}
        ours = {
            "pushgateway": ("gateway", {}),
            "node": ("node", {"env": "textfile"}),
            "genie-exporter": ("exporter", {"env": "http"}),
        }
        assert jobs.keys() == ours.keys()
        for name, (program_name, labels) in ours.items():
            target = self.url(program_name).removeprefix("http://")
            jobs[name]["static_configs"] = [{"targets": [target], "labels": labels}]
        path = self.folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        return path

    def told(self, status: str, receiver: str = "slack") -> dict[tuple[str, str], dict[str, Any]]:
        """Return what a webhook was told last, by alert and env."""
        return {
            (alert["labels"]["alertname"], alert["labels"].get("env", "")): alert
            for body in self.receiver.at(f"/hook/{receiver}")
            for alert in body["alerts"]
            if alert["status"] == status
        }


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """All of it but the exporter, with rows of which those of transactions are too old."""
    project = Ledger(tmp_path, tmp_path / "target")
    project.write()
    project.warehouse.create_tables(LEDGER_TABLES)
    for table in LEDGER_TABLES:
        old = timedelta(hours=50.5) if table.name == "transactions" else timedelta(hours=1)
        project.add_row(table.name, old)
    (tmp_path / "textfile").mkdir()
    with ExitStack() as stack:
        chain = Chain(project, stack.enter_context(Receiver()))
        gateway, node = (chain.url(name).removeprefix("http://") for name in ("gateway", "node"))
        stack.enter_context(
            running(
                tmp_path,
                f"http://{gateway}/-/ready",
                program("prometheus-pushgateway", "pushgateway"),
                f"--web.listen-address={gateway}",
                "--persistence.file=",  # Debian's default is a file that all have in common
            )
        )
        stack.enter_context(
            running(
                tmp_path,
                f"http://{node}/",
                program("prometheus-node-exporter", "node_exporter"),
                *("--collector.disable-defaults", "--collector.textfile"),
                f"--collector.textfile.directory={tmp_path / 'textfile'}",
                f"--web.listen-address={node}",
            )
        )
        yield chain


def shapes(names: set[tuple[str, frozenset[str]]]) -> set[tuple[str, frozenset[str]]]:
    return {each for each in names if each[0].startswith(("dbt_source_", "dbt_freshness_"))}


@pytest.mark.slow
def test_a_stale_source_and_then_a_dead_exporter_reach_people(chain: Chain) -> None:
    config = shipped_alertmanager(chain.folder, chain.receiver)
    with ExitStack() as stack:
        alerted = stack.enter_context(alertmanager(chain.folder, config))
        with chain.exported():
            text = fetch(f"{chain.url('exporter')}/metrics")
            url = stack.enter_context(
                prometheus(
                    chain.folder,
                    chain.prometheus_config(alerted),
                    "--rules.alert.resend-delay=5s",
                )
            )
            eventually(lambda: alerted in fetch(f"{url}/api/v1/alertmanagers"))
            stale = {("SourceStaleTransactions", way) for way in WAYS}
            eventually(lambda: chain.told("firing").keys() >= stale)
            assert chain.told("firing").keys() == stale
            assert chain.told("firing", "pagerduty") == {}
        for alert in chain.told("firing").values():
            assert alert["labels"].keys() == {"alertname", "env", "severity", "source", "table"}
            assert alert["annotations"] == {
                "summary": "No new transactions for two days",
                "description": "The newest row of ledger.transactions was loaded 50.5 hours ago.",
                "hours_since_load": "50.5",
                "runbook_url": "https://git.example.com/genie-observability/blob/main"
                "/docs/runbooks/alerts.md#sourcestaletransactions",
                "dashboard_url": "http://127.0.0.1:3000/d/ml-source-freshness",
            }
        (slack, *_) = chain.receiver.at("/slack")
        assert "Hours since the last load: 50.5\n" in slack["attachments"][0]["text"]

        chain.project.add_row("transactions", timedelta(0))
        with chain.exported():
            eventually(lambda: chain.told("resolved").keys() >= stale)
        (chain.folder / "textfile/dbt.prom").unlink()
        group = f"{chain.url('gateway')}/metrics/job/genie_exporter/env/push"
        build_opener(ProxyHandler({})).open(Request(group, method="DELETE"), timeout=10)
        dead = ("FreshnessExporterDead", "")
        eventually(lambda: dead in chain.told("firing") and chain.told("firing", "pagerduty"), 90)
        assert chain.told("firing").keys() == {*stale, dead}
        assert chain.told("firing", "pagerduty").keys() == {dead}

    # what other tests seed is what an exporter tells
    seen = {(name, frozenset(dict(labels))) for name, labels in Metrics(text).values}
    seeds = {(series.split("{")[0], labels_of(series)) for series in HEALTHY}
    assert shapes(seen) == shapes(seeds)


def labels_of(series: str) -> frozenset[str]:
    inner = series.partition("{")[2].rstrip("}")
    return frozenset(pair.split("=")[0] for pair in inner.split(",") if pair)
