"""Who is told what: routes, what is held back, and the texts that arrive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from monitoring import (
    OPS,
    Receiver,
    alertmanager,
    alerts,
    eventually,
    fetch,
    program,
    run,
    shipped_alertmanager,
)

CONFIG = OPS / "alertmanager/alertmanager.yml"
ANNOTATIONS = {
    "summary": "What",
    "description": "Why.",
    "runbook_url": "https://docs.example.com/runbook",
    "dashboard_url": "https://grafana.example.com/board",
}
TRANSACTIONS = {"source": "ledger", "table": "transactions"}


def test_amtool_finds_nothing_to_complain_of() -> None:
    told = run(program("amtool"), "check-config", str(CONFIG))
    assert "SUCCESS" in told
    assert "1 templates" in told


@pytest.mark.parametrize(
    ("severity", "receivers"),
    [("critical", "pagerduty,slack"), ("warning", "slack"), ("none", "email")],
)
def test_severity_decides_who_is_told(severity: str, receivers: str) -> None:
    given = (f"--config.file={CONFIG}", f"--verify.receivers={receivers}")
    for alert in ("SourceStaleTransactions", "GenieAuditLag"):
        labels = (f"severity={severity}", f"alertname={alert}")
        run(program("amtool"), "config", "routes", "test", *given, *labels)
    wrong = (f"--config.file={CONFIG}", "--verify.receivers=nobody")
    run(program("amtool"), "config", "routes", "test", *wrong, f"severity={severity}", expect=1)


def test_a_team_without_slack_changes_one_word(tmp_path: Path) -> None:
    text = CONFIG.read_text()
    assert text.count("receiver: slack") == 1
    shutil.copytree(CONFIG.parent / "templates", tmp_path / "templates")
    changed = tmp_path / "alertmanager.yml"
    changed.write_text(text.replace("receiver: slack", "receiver: email"))
    run(program("amtool"), "check-config", str(changed))
    given = (f"--config.file={changed}", "--verify.receivers=pagerduty,email")
    run(program("amtool"), "config", "routes", "test", *given, "severity=critical")


def test_no_credential_is_in_the_configuration() -> None:
    for line in CONFIG.read_text().splitlines():
        key = line.strip().lstrip("- ").split(":")[0]
        if any(word in key for word in ("password", "_url", "api_", "key")) and key != "client_url":
            assert key.endswith("_file"), line


def test_each_alert_has_a_severity_with_a_route() -> None:
    (_, by_severity) = yaml.safe_load(CONFIG.read_text())["route"]["routes"]
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in str(by_severity["matchers"]), name


@dataclass
class Desk:
    """An Alertmanager with the shipped configuration, and who it tells."""

    url: str
    receiver: Receiver

    def send(self, *labels: dict[str, str], ends: bool = False, **annotations: str) -> None:
        """Tell of alerts as Prometheus does; `ends` to tell that they are over."""
        now = datetime.now(UTC)
        times = {"startsAt": (now - timedelta(minutes=5)).isoformat()}
        if ends:
            times["endsAt"] = now.isoformat()
        told = [
            {"labels": each, "annotations": ANNOTATIONS | annotations, **times} for each in labels
        ]
        fetch(f"{self.url}/api/v2/alerts", told)

    def held_back(self) -> dict[str, list[str]]:
        """Return what holds each alert back, by names; asked when all are grouped."""
        listed: list[dict[str, Any]] = json.loads(fetch(f"{self.url}/api/v2/alerts"))
        names = {each["fingerprint"]: each["labels"]["alertname"] for each in listed}
        return {
            f"{each['labels']['alertname']} {each['labels'].get('table', '')}".strip(): [
                names[other] for other in each["status"]["inhibitedBy"]
            ]
            for each in listed
            if each["status"]["state"] != "unprocessed"
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Receiver() as receiver:
        config = shipped_alertmanager(tmp_path, receiver)
        with alertmanager(tmp_path, config) as url:
            yield Desk(url, receiver)


def named(alert: str, severity: str = "warning", **labels: str) -> dict[str, str]:
    return {"alertname": alert, "severity": severity, **labels}


def test_critical_holds_back_the_warnings_of_its_source_alone(desk: Desk) -> None:
    desk.send(
        named("SourceCriticalStale", "critical", **TRANSACTIONS),
        named("SourcePastErrorThreshold", "critical", **TRANSACTIONS),
        named("SourceStaleTransactions", **TRANSACTIONS),
        named("SourceStaleMLFeatures", source="ledger", table="ml_features"),
        named("GenieAuditLag"),
    )
    held = eventually(lambda: len(desk.held_back()) == 5 and desk.held_back())
    # of two that hold it back, Alertmanager names either
    (by,) = held.pop("SourceStaleTransactions transactions")
    assert by in ("SourceCriticalStale", "SourcePastErrorThreshold")
    assert held == {
        "SourceCriticalStale transactions": [],
        "SourcePastErrorThreshold transactions": ["SourceCriticalStale"],
        "SourceStaleMLFeatures ml_features": [],
        "GenieAuditLag": [],
    }


def test_a_blind_exporter_holds_back_what_it_saw_last_in_its_env(desk: Desk) -> None:
    prod = {"env": "prod"}
    desk.send(
        named("FreshnessExporterDead", "critical", **prod),
        named("FreshnessExporterFailing", "critical", **prod),
        named("SourceStaleTransactions", **prod, **TRANSACTIONS),
        named("SourceCriticalStale", "critical", **prod, source="ledger", table="ml_features"),
        named("GenieBacklogGrows", **prod),
        named("DbtTestFailing", env="dev", node="test.p.t"),
        named("DiskFull", "critical", **prod),
    )
    held = eventually(lambda: len(desk.held_back()) == 7 and desk.held_back())
    free = {name for name, by in held.items() if not by}
    assert free == {"FreshnessExporterDead", "DbtTestFailing", "DiskFull"}


def test_each_way_tells_the_hours_and_where_to_read_on(desk: Desk) -> None:
    warning = named("SourceStaleTransactions", **TRANSACTIONS)
    desk.send(
        warning,
        named("SourceCriticalStale", "critical", source="ledger", table="ml_features"),
        named("FromElsewhere", "none"),
        hours_since_load="50.5",
    )
    seen = desk.receiver
    eventually(lambda: len(seen.at("/slack")) == 2 and seen.at("/pagerduty") and seen.mails)
    text = (
        "What\nWhy.\nHours since the last load: 50.5\n"
        "Runbook: https://docs.example.com/runbook\nDashboard: https://grafana.example.com/board\n"
    )
    slack = {body["attachments"][0]["title"]: body["attachments"][0] for body in seen.at("/slack")}
    assert slack.keys() == {"[1 firing] SourceStaleTransactions", "[1 firing] SourceCriticalStale"}
    for title, colour in zip(sorted(slack), ("danger", "warning"), strict=True):
        assert slack[title]["text"].strip() == text.strip()
        assert slack[title]["color"] == colour
        assert slack[title]["title_link"] == "https://docs.example.com/runbook"
    (page,) = seen.at("/pagerduty")
    assert (page["routing_key"], page["event_action"]) == ("key", "trigger")
    assert page["payload"]["severity"] == "critical"
    assert page["payload"]["summary"] == "[1 firing] SourceCriticalStale"
    assert page["payload"]["custom_details"]["what"].strip() == text.strip()
    assert page["links"] == [{"text": "runbook", "href": "https://docs.example.com/runbook"}]
    (mail,) = seen.mails
    assert mail["Subject"] == "[1 firing] FromElsewhere"
    (part,) = mail.iter_parts() if mail.is_multipart() else [mail]
    assert part.get_content_type() == "text/plain"
    assert part.get_content().replace("\r\n", "\n").strip() == text.strip()

    desk.send(warning, ends=True, hours_since_load="50.5")
    ended = eventually(lambda: seen.at("/slack")[2:])[0]["attachments"][0]
    assert ended["title"] == "[resolved] SourceStaleTransactions"
    assert ended["text"].strip() == "Resolved: What"
    assert ended["color"] == "good"


def test_a_silence_of_the_runbook_silences(desk: Desk) -> None:
    desk.send(named("SourceStaleTransactions", **TRANSACTIONS), named("GenieAuditLag"))
    amtool = (program("amtool"), f"--alertmanager.url={desk.url}")
    made = "silence add alertname=SourceStaleTransactions --duration=2d"
    run(*amtool, *made.split(), "--comment=bank holiday")
    told = run(*amtool, "alert", "query", "--silenced", "-o", "json")
    assert [each["labels"]["alertname"] for each in json.loads(told)] == ["SourceStaleTransactions"]
