"""Alert rules: what they need, when they fire, where their links lead."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT
from monitoring import DASHBOARDS, OPS, RULES, alerts, program, rules, run

from seeds import FAULTS, HEALTHY

PROMTOOL_TESTS = sorted((ROOT / "tests/ops/rules").glob("*.yml"))
RUNBOOK = ROOT / "docs/runbooks/alerts.md"
STEP, STEPS = 300, 96  # seconds, for so long that each alert has had time to fire
ORIGINAL = {
    "SourceStaleTransactions": ("> 48", "30m", "warning"),
    "SourceStaleTransactionLabels": ("> 48", "30m", "warning"),
    "SourceStaleMLFeatures": ("> 48", "30m", "warning"),
    "SourceCriticalStale": ("> 120", "1h", "critical"),
}


def test_promtool_finds_nothing_to_complain_of() -> None:
    promtool = program("promtool")
    run(promtool, "check", "rules", "--lint-fatal", *map(str, RULES))
    run(promtool, "check", "config", str(OPS / "prometheus/prometheus.yml"))


def test_rules_fire_and_do_not_as_their_promtool_tests_say() -> None:
    run(program("promtool"), "test", "rules", *map(str, PROMTOOL_TESTS))


def test_each_alert_has_promtool_tests_of_firing_and_of_not_firing() -> None:
    told: dict[str, set[bool]] = {}
    for path in PROMTOOL_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for check in test["alert_rule_test"]:
                told.setdefault(check["alertname"], set()).add("exp_alerts" in check)
    assert told == {name: {True, False} for name in alerts()}


def test_the_four_alerts_of_the_original_design() -> None:
    for name, (limit, wait, severity) in ORIGINAL.items():
        rule = alerts()[name]
        assert limit in rule["expr"]
        assert (rule["for"], rule["labels"]["severity"]) == (wait, severity)


def test_each_alert_fires_on_its_own_fault_alone(tmp_path: Path) -> None:
    assert FAULTS.keys() == alerts().keys()
    expected = {name: {name, *fault.others} for name, fault in FAULTS.items()}
    seeds = {name: {**HEALTHY, **fault.change} for name, fault in FAULTS.items()}
    tests = []
    for name, seed in {"nothing": HEALTHY, **seeds}.items():
        series = [
            {"series": text, "values": f"{course.start:.10g}{course.rate * STEP:+.10g}x{STEPS}"}
            for text, course in seed.items()
        ]
        told = [
            {"labels": f'{{alertname="{alert}"}}', "value": 1}
            for alert in sorted(expected.get(name, ()))
        ]
        asked = 'count by (alertname) (ALERTS{alertstate="firing"})'
        check = {"expr": asked, "eval_time": f"{STEP * STEPS}s", "exp_samples": told}
        tests.append(
            {
                "name": name,
                "interval": f"{STEP}s",
                "input_series": series,
                "promql_expr_test": [check],
            }
        )
    path = tmp_path / "faults.yml"
    files = [str(rule) for rule in RULES]
    document = {"rule_files": files, "evaluation_interval": f"{STEP}s", "tests": tests}
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    run(program("promtool"), "test", "rules", str(path))


def sections() -> dict[str, str]:
    """Return the runbook's text by heading."""
    parts = re.split(r"^## (.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", alerts())
def test_each_alert_says_what_why_and_where(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("warning", "critical")
    told = rule["annotations"]
    assert told["summary"]
    assert told["description"]
    base, runbook = told["runbook_url"].split("/", 1)
    assert base == "{{ $externalLabels.docs_url }}"
    path, anchor = runbook.split("#")
    assert ROOT / path == RUNBOOK
    (heading,) = (heading for heading in sections() if heading.lower() == anchor)
    assert heading == name
    base, dashboard = told["dashboard_url"].split("/", 1)
    assert base == "{{ $externalLabels.grafana_url }}"
    uids = {f"d/{json.loads(path.read_text())['uid']}" for path in DASHBOARDS}
    assert dashboard in uids


def test_bases_of_links_are_set_in_one_place_and_are_no_labels_of_alerts() -> None:
    config = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text())
    labels = config["global"]["external_labels"]
    texts = "".join(path.read_text() for path in RULES)
    used = set(re.findall(r"externalLabels\.(\w+)", texts))
    assert labels.keys() == used
    (dropped,) = config["alerting"]["alert_relabel_configs"]
    assert dropped["action"] == "labeldrop"
    assert set(dropped["regex"].split("|")) == used


def test_the_runbook_says_four_things_of_each_alert_and_silences_that_one() -> None:
    for name in alerts():
        text = sections()[name]
        for part in ("**Means**", "**Confirm**", "**Do**", "**Silence**"):
            assert part in text, name
        assert f"silence add alertname={name} " in text
        assert "--duration=" in text, name
        assert "--comment=" in text, name


def test_silences_of_the_runbook_name_alerts_and_labels_that_exist() -> None:
    for made in re.findall(r"silence add ([^`]+)", RUNBOOK.read_text()):
        name = made.split()[0].removeprefix("alertname=")
        assert name in alerts()
        labels = set(re.findall(r"(\w+)=", made.split("--")[0])) - {"alertname"}
        known = set(re.findall(r"\$labels\.(\w+)", json.dumps(alerts()[name])))
        fixed = set(re.findall(r"(\w+)=\"", alerts()[name]["expr"]))
        assert labels <= known | fixed, made


METRIC = re.compile(r"\b((?:dbt|genie)_[a-z_]*[a-z](?::[a-z_]+)?)\b(?!\s*=)")


def metrics_of(expression: str) -> set[str]:
    """Return the metrics that an expression of ours reads; all begin with dbt_ or genie_."""
    return set(METRIC.findall(re.sub(r'"[^"]*"', '""', expression)))


def declared() -> dict[str, str]:
    """Return the model of each metric that one declares."""
    found: dict[str, str] = {}
    for path in (ROOT / "models").rglob("*.yml"):
        if "prometheus:" not in path.read_text():
            continue
        for model in yaml.load(path.read_text(), yaml.CSafeLoader)["models"]:
            for metric in model.get("config", {}).get("meta", {}).get("prometheus", []):
                found[metric["name"]] = model["name"]
    return found


def exposures() -> dict[str, dict[str, Any]]:
    paths = (ROOT / "models").rglob("*exposures.yml")
    listed = [e for path in paths for e in yaml.safe_load(path.read_text())["exposures"]]
    return {exposure["name"]: exposure for exposure in listed}


def test_exposures_name_the_models_that_rules_and_dashboards_read() -> None:
    read = {"alerts": {metric for rule in rules() for metric in metrics_of(rule["expr"])}}
    for path in DASHBOARDS:
        texts = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', path.read_text())
        name = f"grafana_{path.stem.replace('-', '_')}"
        read[name] = {metric for text in texts for metric in metrics_of(json.loads(f'"{text}"'))}
        assert exposures()[name]["config"]["meta"]["path"] == str(path.relative_to(ROOT))
    assert {name for name in exposures() if re.match("alerts|grafana_", name)} == read.keys()
    for name, metrics in read.items():
        models = {declared()[metric] for metric in metrics if metric in declared()}
        named = {
            found[1]
            for text in exposures()[name].get("depends_on", [])
            if (found := re.fullmatch(r"ref\('(\w+)'\)", text))
        }
        assert named == models, name


def test_seeds_are_metrics_that_are_declared_or_documented() -> None:
    documented = (ROOT / "docs/freshness.md").read_text()
    for text in HEALTHY:
        name = text.split("{")[0]
        own = name.removeprefix("dbt_freshness_exporter_")
        assert name in declared() or f"`{own}`" in documented, name
    assert declared().keys() == {t.split("{")[0] for t in HEALTHY if t.startswith("genie_")}
