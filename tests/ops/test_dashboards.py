"""Grafana's dashboards: keys that Grafana knows, queries that find something."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from faults import DAY, HEALTHY
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from monitoring import DASHBOARDS, OPS, program, prometheus, query, run

NAMES = [path.stem for path in DASHBOARDS]
STEP = 300


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((OPS / f"grafana/dashboards/{name}.json").read_text())
    return document


def panels(name: str) -> list[dict[str, Any]]:
    return [panel for panel in read(name)["panels"] if panel["type"] != "row"]


def targets() -> list[Any]:
    return [
        pytest.param(target, id=f"{name}: {panel['title']} {target['refId']}")
        for name in NAMES
        for panel in panels(name)
        for target in panel["targets"]
    ]


def test_there_are_the_three() -> None:
    assert NAMES == ["dbt-health", "genie-operations", "ml-source-freshness"]


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_has_its_own_name_and_takes_any_data_source(name: str) -> None:
    board = read(name)
    assert board["uid"] == name
    assert "id" not in board  # Grafana gives it
    (variable,) = board["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
    for panel in panels(name):
        assert panel["datasource"] == chosen
        assert all(target["datasource"] == chosen for target in panel["targets"])
        assert panel["title"]
        assert panel["description"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def paths(value: object, at: str = "") -> Iterator[str]:
    """Yield the path of each key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{at}.{key}"
            yield from paths(inner, f"{at}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, f"{at}[{number}]")


def unknown_keys(board: dict[str, Any]) -> list[str]:
    """Return the keys that Grafana's own types do not hold: they are lost on the way through."""
    register_default_plugins()
    # by JSON, so that what the types read is not changed in place
    typed = Dashboard.from_json(json.loads(json.dumps(board)))
    back = set(paths(json.loads(json.dumps(typed, cls=JSONEncoder))))
    return [path for path in paths(board) if path not in back]


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_types_know_every_key(name: str) -> None:
    assert unknown_keys(read(name)) == []


def test_a_key_that_grafana_does_not_know_is_found() -> None:
    board = read("ml-source-freshness")
    board["panels"][0]["options"]["colour"] = "red"
    board["panels"][0]["targets"][0]["exprr"] = "up"
    board["refesh"] = "1m"
    found = {path.rsplit(".", 1)[1] for path in unknown_keys(board)}
    assert found == {"colour", "exprr", "refesh"}


@pytest.mark.parametrize("name", NAMES)
def test_panels_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in read(name)["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + line)
            for column in range(place["w"])
            for line in range(place["h"])
        }
        assert not taken & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_ml_source_freshness_has_the_four_panels_of_the_original_design() -> None:
    *stats, trend = panels("ml-source-freshness")
    assert [panel["type"] for panel in stats] == ["stat"] * 3
    assert trend["type"] == "timeseries"
    assert read("ml-source-freshness")["time"] == {"from": "now-24h", "to": "now"}
    tables = ["transactions", "transaction_labels", "ml_features"]
    for panel, table in zip(stats, tables, strict=True):
        (target,) = panel["targets"]
        assert f'source="ledger",table="{table}"' in target["expr"]
        look = panel["fieldConfig"]["defaults"]
        assert (look["unit"], look["color"]["mode"]) == ("h", "thresholds")
        colours = [(step["color"], step["value"]) for step in look["thresholds"]["steps"]]
        assert colours == [("green", None), ("yellow", 48), ("red", 120)]
    assert re.search('table=~"' + re.escape("|".join(tables)), trend["targets"][0]["expr"])


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that holds a day of what is healthy."""
    folder = tmp_path_factory.mktemp("healthy")
    now = time.time() // STEP * STEP
    moments = [now - DAY + STEP * step for step in range(DAY // STEP + 1)]
    lines = []
    for name in sorted({text.split("{")[0] for text in HEALTHY}):
        lines.append(f"# TYPE {name} gauge")
        lines += [
            f"{text} {course.at(moment):.10g} {moment:.0f}"
            for text, course in HEALTHY.items()
            if text.split("{")[0] == name
            for moment in moments
        ]
    file = folder / "healthy.om"
    file.write_text("\n".join([*lines, "# EOF", ""]))
    promtool = program("promtool")
    blocks = str(folder / "tsdb")
    run(promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(file), blocks)
    config = folder / "prometheus.yml"
    config.write_text("{}\n")
    with prometheus(folder, config, f"--query.lookback-delta={2 * STEP}s") as url:
        yield url


@pytest.mark.parametrize("target", targets())
def test_a_panel_finds_series_while_all_is_healthy(target: dict[str, Any], healthy: str) -> None:
    assert query(healthy, target["expr"])
    if target["range"]:
        now = time.time()
        (first, *_) = query(healthy, target["expr"], start=now - DAY + 2 * STEP, end=now, step=STEP)
        assert len(first["values"]) > DAY / STEP * 0.9


def test_stats_are_green_while_all_is_healthy(healthy: str) -> None:
    for name in NAMES:
        for panel in panels(name):
            if panel["type"] == "stat":
                steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
                for series in query(healthy, panel["targets"][0]["expr"]):
                    value = float(series["value"][1])
                    passed = [s for s in steps if s["value"] is None or value >= s["value"]]
                    allowed = (
                        ("green", "yellow") if panel["title"] == "Tests that warn" else ("green",)
                    )
                    assert passed[-1]["color"] in allowed, panel["title"]
