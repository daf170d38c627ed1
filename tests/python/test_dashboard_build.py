"""The dashboard's file: as its parts say, and as AI/BI takes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from harness import ROOT
from sqlglot import exp

from dashboards.building import build_text
from dashboards.cli import cli
from dashboards.definition import Definition, Widget, parse_expression, read_definition
from dashboards.errors import DefinitionError
from dashboards.parts import COLUMNS, Row, row
from dashboards.parts import Widget as Part

FILE = ROOT / "ops/databricks/dashboards/genie_observability.lvdash.json"
FOUND: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
DASHBOARD: Definition = read_definition(FILE)
WIDGETS = [widget for page in DASHBOARD.pages for widget in page.widgets]
# as exports of real dashboards have them
VERSIONS = {
    "counter": 2,
    "bar": 3,
    "line": 3,
    "area": 3,
    "pie": 3,
    "table": 1,
    "filter-multi-select": 2,
    "filter-single-select": 2,
}


def test_the_file_is_what_the_parts_say() -> None:
    assert FILE.read_text(encoding="utf-8") == build_text(), "run make dashboard-build"


def test_build_writes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "one.lvdash.json"
    done = CliRunner().invoke(cli, ["build", "--file", str(path)])
    assert done.exit_code == 0, done.output
    assert path.read_text(encoding="utf-8") == FILE.read_text(encoding="utf-8")


def test_the_pages_are_those_that_people_know() -> None:
    assert [page.title for page in DASHBOARD.pages] == [
        *("Filters", "Executive Summary", "Usage Analytics", "Performance & Quality"),
        *("Prompts & SQL", "Observability", "User Adoption", "Space Configuration"),
        *("Space Changes", "Questions to Act On", "Benchmarks", "Cost"),
    ]
    assert [page.title for page in DASHBOARD.pages if page.is_global] == ["Filters"]


def test_names_are_unique_and_plain() -> None:
    names = [widget.name for widget in WIDGETS] + [page.name for page in DASHBOARD.pages]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert all(len(name) <= 100 and name.replace("-", "").isalnum() for name in names)


def test_a_dataset_is_a_plain_select_from_one_mart() -> None:
    assert len(DASHBOARD.datasets) >= 18
    for dataset in DASHBOARD.datasets.values():
        complicated = (
            *(exp.Join, exp.Subquery, exp.AggFunc, exp.Window, exp.Group, exp.Case, exp.Having),
            *(exp.CTE, exp.Distinct, exp.Limit, exp.Union),
        )
        assert not list(dataset.query.find_all(*complicated)), dataset.name
        for selected in dataset.query.selects:
            inner = selected.this if isinstance(selected, exp.Alias) else selected
            assert isinstance(inner, exp.Column | exp.Coalesce), dataset.name


def test_every_dataset_is_shown() -> None:
    read = {query.dataset for widget in WIDGETS for query in widget.queries.values()}
    assert read == set(DASHBOARD.datasets)


@pytest.mark.parametrize("page", DASHBOARD.pages, ids=lambda page: page.name)
def test_widgets_cover_their_page_once(page: Any) -> None:
    cells = Counter(
        (x, y)
        for widget in page.widgets
        for x in range(widget.position["x"], widget.position["x"] + widget.position["width"])
        for y in range(widget.position["y"], widget.position["y"] + widget.position["height"])
    )
    height = max(y for _, y in cells) + 1
    assert set(cells.values()) == {1}
    assert set(cells) == {(x, y) for x in range(COLUMNS) for y in range(height)}


def test_widgets_are_of_types_and_versions_that_exist() -> None:
    for widget in WIDGETS:
        if widget.kind == "text":
            assert widget.lines, widget.name
        else:
            assert widget.spec["version"] == VERSIONS[widget.kind], widget.name
            assert widget.title, widget.name


def test_what_may_be_empty_says_why() -> None:
    silent = {
        widget.title
        for widget in WIDGETS
        if widget.kind in {"table", "bar", "line", "area", "pie"}
        and "Empty" not in widget.description
    }
    # one row, and one for each feed, always
    assert silent == {"Completeness of the feed", "Whether feeds bring what is new"}


def fields_shown(widget: Widget) -> list[str]:
    """Names of the fields that a widget's encodings take."""
    shown = widget.encodings
    listed = [*shown.get("columns", []), *(shown[key] for key in shown if key != "columns")]
    return [one["fieldName"] for one in listed if isinstance(one, dict)]


def test_encodings_show_fields_of_their_query_all_of_them() -> None:
    for widget in WIDGETS:
        if widget.is_filter:
            for field in widget.encodings["fields"]:
                query = widget.queries[field["queryName"]]
                known = query.parameters if "parameterName" in field else (*query.fields,)
                assert field.get("parameterName", field.get("fieldName")) in known, widget.name
        elif widget.queries:
            (query,) = widget.queries.values()
            assert sorted(fields_shown(widget)) == sorted(query.fields), widget.name


def test_fields_are_columns_of_their_dataset() -> None:
    for widget in WIDGETS:
        for query in widget.queries.values():
            columns = DASHBOARD.datasets[query.dataset].columns
            for expression in query.fields.values():
                assert expression.column in columns, widget.name


def test_the_global_filter_goes_for_all_that_has_a_workspace() -> None:
    (page,) = (page for page in DASHBOARD.pages if page.is_global)
    (widget,) = page.widgets
    reached = {query.dataset for query in widget.queries.values()}
    # the feed is one for all workspaces, and says so
    assert set(DASHBOARD.datasets) - reached == {"feed", "freshness", "time_ranges"}


def test_every_parameter_is_chosen_on_the_pages_that_show_it() -> None:
    for page in DASHBOARD.pages:
        for widget in page.widgets:
            for query in widget.queries.values():
                for parameter in DASHBOARD.datasets[query.dataset].parameters:
                    if not query.is_disaggregated and not widget.is_filter:
                        assert DASHBOARD.filter_of_parameter(page, query.dataset, parameter)


def test_the_exposure_names_what_the_datasets_read() -> None:
    text = (ROOT / "models/genie/gold/_gold__exposures.yml").read_text(encoding="utf-8")
    (exposure,) = (
        one
        for one in yaml.safe_load(text)["exposures"]
        if one["name"] == "genie_observability_dashboard"
    )
    marts = {f"ref('{dataset.mart}')" for dataset in DASHBOARD.datasets.values()}
    assert sorted(exposure["depends_on"]) == sorted(marts)


def test_a_row_shares_its_width() -> None:
    filled: Row = row(2, Part("a", {}), Part("b", {}).wide(2), Part("c", {}))
    assert [widget.width for widget in filled.widgets] == [2, 2, 2]


@pytest.mark.parametrize(
    "text", ["STDDEV(`x`)", "SUM(x)", "SUM(`a`) / SUM(`b`)", "`a`; drop table b", "COUNT(*)"]
)
def test_an_expression_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="none that can be computed here"):
        parse_expression(text)


def _without(key: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        broken = {name: value for name, value in FOUND.items() if name != key}
        path.write_text(json.dumps(broken), encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: None, "run `genie-dashboard build` first"),
        (lambda path: path.write_text("{"), "is no JSON"),
        (_without("pages"), "'pages'"),
    ],
)
def test_a_file_that_is_no_dashboard_is_named(
    write: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.lvdash.json"
    write(path)
    with pytest.raises(DefinitionError, match=told):
        read_definition(path)
