"""The rendered page of little, of nothing, of what is redacted, and from another engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dashboard_browser import Browser, needs_chromium
from dashboard_data import FILE, MODELS, found, identities, land, newest_end, page_data, rendered
from harness import Project

from dashboards.definition import Page, read_definition
from demo.history import HistoryOptions, build_history
from demo.payloads import space_payload

pytestmark = pytest.mark.slow

TABS = [page for page in read_definition(FILE).pages if not page.is_global]
HISTORY = build_history(HistoryOptions(end=newest_end(), messages=120, workspaces=1, spaces=3))


def opened(path: Path, profile: Path) -> dict[str, dict[str, Any]]:
    """Open every tab, and return what its widgets show."""
    browser = Browser(path, profile)
    try:
        shown = {}
        for page in TABS:
            browser.open(page)
            shown |= {one.name: browser.read(one) for one in widgets(page)}
        assert browser.complaints() == []
        return shown
    finally:
        browser.driver.quit()


def widgets(page: Page) -> list[Any]:
    return [one for one in page.widgets if not one.is_filter and one.kind != "text"]


# one row, and one for each feed
ALWAYS = {"Completeness of the feed", "Whether feeds bring what is new"}


@needs_chromium
def test_nothing_is_shown_as_nothing(project: Project, tmp_path: Path) -> None:
    project.create_tables()
    project.dbt(*MODELS)
    path = tmp_path / "page.html"
    rendered(project, path)
    shown = opened(path, tmp_path / "chromium")
    for page in TABS:
        for widget in widgets(page):
            seen = shown[widget.name]
            if widget.kind == "counter":
                assert seen["value"] in {"0", "\u2013"}, widget.name
            elif widget.title not in ALWAYS:
                assert seen["empty"].startswith("No rows"), widget.name
                assert "Empty" in seen["empty"], widget.name
            if widget.kind == "counter" and "Questions" in widget.title:
                assert seen["value"] == "0"


def sorted_rows(page: dict[str, Any]) -> dict[str, Any]:
    """Rows of each widget in an order of ours, floats to nine digits."""

    def plain(value: Any) -> Any:
        return float(f"{value:.9g}") if isinstance(value, float) else value

    return {
        one["name"]: sorted(str([plain(value) for value in row]) for row in one["rows"])
        for one in page["widgets"]
        if "rows" in one and one["name"] not in CAPPED | OF_THE_LOAD
    }


# more rows than the page holds: among rows of one time an engine picks as it likes
CAPPED = {"prompts-sql-context-data"}
# when each engine's landing was loaded
OF_THE_LOAD = {"observability-whether-feeds-bring-what-is-new"}


def test_redacted_pages_of_two_engines_are_one(
    project: Project, postgres_project: Project, tmp_path: Path
) -> None:
    texts = {}
    for one in (project, postgres_project):
        land(one, HISTORY, "redacted")
        one.dbt(*MODELS)
        texts[one.engine] = rendered(one, tmp_path / f"{one.engine}.html")
    # what editors configured stays: sample questions are no one's questions
    kept = json.dumps([space_payload(one, with_serialized_space=True) for one in HISTORY.spaces])
    asked = {one.content for one in HISTORY.messages if one.content not in kept}
    assert asked
    for text in texts.values():
        assert found(identities(HISTORY), text) == []
        assert found(asked, text) == []
    pages = {engine: page_data(text) for engine, text in texts.items()}
    assert pages["duckdb"]["filters"] == pages["postgres"]["filters"]
    drawn, expected = sorted_rows(pages["postgres"]), sorted_rows(pages["duckdb"])
    assert len(expected) > 60
    different = {
        name: (drawn[name], rows) for name, rows in expected.items() if drawn[name] != rows
    }
    assert different == {}
