"""Alert rules: what they need, when they fire, where their links lead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from faults import ALL_FAULTS, FAULTS, HEALTHY, HOUR, Course, Seed
from harness import ROOT
from monitoring import DASHBOARDS, OPS, RULES, alerts, program, rules, run

PROMTOOL_TESTS = sorted((ROOT / "tests/ops/rules").glob("*.yml"))
RUNBOOK = ROOT / "docs/runbooks/alerts.md"
STEP = 150  # seconds: of two samples that are two steps apart, the first counts until the second
LATE = 5 * HOUR // STEP  # the step by which each alert has had time to fire
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


Check = tuple[int, set[str]]


def course_of(course: Course, *parts: tuple[int, int]) -> str:
    """Write a course as promtool has it: steps that are there, what is between them, the end."""
    written, at = [], 0
    for first, last in parts:
        if first > at:
            written.append(f"_x{first - at}")
        value = course.at(first * STEP)
        written.append(f"{value:.10g}{course.rate * STEP:+.10g}x{last - first}")
        at = last + 1
    return " ".join([*written, "stale"])


def promtool_test(
    name: str, seed: Seed, parts: Iterable[tuple[int, int]], checks: Iterable[Check]
) -> dict[str, Any]:
    """Return a test that asks, at some steps, for the names of all alerts that fire."""
    asked = 'group by (alertname) (ALERTS{alertstate="firing"})'
    return {
        "name": name,
        "interval": f"{STEP}s",
        "input_series": [
            {"series": text, "values": course_of(course, *parts)} for text, course in seed.items()
        ],
        "promql_expr_test": [
            {
                "expr": asked,
                "eval_time": f"{STEP * step}s",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(fired)
                ],
            }
            for step, fired in checks
        ],
    }


def run_promtool(folder: Path, tests: list[dict[str, Any]]) -> None:
    files = [str(rule) for rule in RULES]
    document = {"rule_files": files, "evaluation_interval": f"{STEP}s", "tests": tests}
    path = folder / "tests.yml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    run(program("promtool"), "test", "rules", str(path))


def test_each_alert_fires_on_its_own_fault_alone(tmp_path: Path) -> None:
    assert FAULTS.keys() == alerts().keys()
    whole = [(0, LATE)]
    tests = [promtool_test("nothing", HEALTHY, whole, [(LATE, set())])]
    for name, fault in FAULTS.items():
        seed = {**HEALTHY, **fault.change}
        tests.append(promtool_test(name, seed, whole, [(LATE, {name, *fault.others})]))
    run_promtool(tmp_path, tests)


def test_each_alert_outlives_a_restart_and_returns_after_a_gap(tmp_path: Path) -> None:
    seed, every, dead = {**HEALTHY, **ALL_FAULTS}, set(alerts()), {"FreshnessExporterDead"}
    # the value before a restart of less than five minutes still counts
    parts = [(0, LATE), (LATE + 2, LATE + 10), (LATE + 16, LATE + 50)]
    during = [(LATE, every), (LATE + 1, every), (LATE + 2, every), (LATE + 10, every)]
    after = [(LATE + 14, dead), (LATE + 16, dead), (LATE + 45, every)]
    # what an exporter told ends with it, and with it all that was said of it
    gone = [(LATE + 50, every), (LATE + 52, dead)]
    run_promtool(tmp_path, [promtool_test("all", seed, parts, [*during, *after, *gone])])


def test_each_alert_stays_as_it_was_when_a_gateway_keeps_what_was_pushed(tmp_path: Path) -> None:
    """Nothing new comes: what fired fires on, and Alertmanager holds it back."""
    pushed = {text: Course(course.start) for text, course in HEALTHY.items()}
    faulty = {text: Course(course.start) for text, course in ALL_FAULTS.items()}
    ended = {"SourceInFuture", "GenieBacklogGrows"}  # the time has come; it stands still
    quiet = {"FreshnessExporterDead"}
    tests = [
        promtool_test("healthy", pushed, [(0, 60)], [(36, quiet), (60, quiet)]),
        promtool_test("faulty", {**pushed, **faulty}, [(0, 60)], [(60, set(alerts()) - ended)]),
    ]
    run_promtool(tmp_path, tests)


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
