"""The rendered page as a person uses it, in Chromium: every figure is what SQL says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_browser import Browser, needs_chromium
from dashboard_data import (
    EMOJI,
    LONG_SQL,
    MODELS,
    SCRIPT,
    Expected,
    found,
    identities,
    land,
    newest_end,
    rendered,
    shown,
)
from harness import Project
from selenium.webdriver.common.keys import Keys

from dashboards.definition import Page, Widget
from demo.history import HistoryOptions, build_history

pytestmark = [pytest.mark.slow, needs_chromium]

HISTORY = build_history(
    HistoryOptions(end=newest_end(), messages=900, spaces=303, workspaces=3, days=120, turns=2)
)


@pytest.fixture(scope="module")
def project(make_project: Callable[[], Project]) -> Project:
    project = make_project()
    land(project, HISTORY, "hashed")
    project.dbt(*MODELS)
    return project


@pytest.fixture(scope="module")
def expected(project: Project) -> Expected:
    return Expected.of(project)


@pytest.fixture(scope="module")
def page(project: Project) -> Path:
    path = project.folder / "page.html"
    rendered(project, path)
    return path


@pytest.fixture(scope="module")
def browser(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(page, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def workspaces(project: Project) -> list[str]:
    rows = project.query(
        "select distinct workspace from genie_analytics.genie_questions order by 1"
    )
    return [row["workspace"] for row in rows]


def tabs(expected: Expected) -> list[Page]:
    return [page for page in expected.definition.pages if not page.is_global]


def check(
    browser: Browser,
    expected: Expected,
    page: Page,
    chosen: dict[str, list[str]],
    given: dict[str, str],
    *,
    adds_up: bool = True,
) -> None:
    """Compare each widget of a page with SQL; without adds_up, some say that they do not."""
    for widget in page.widgets:
        if widget.is_filter or widget.kind == "text":
            continue
        seen = browser.read(widget)
        rows = expected.rows(widget, chosen, given)
        (query,) = widget.queries.values()
        functions = {one.function for one in query.fields.values()}
        reached = "workspace" in expected.definition.datasets[query.dataset].columns
        if not adds_up and reached and functions & {"DISTINCT", "PERCENTILE"}:
            told = seen["value"] or seen["empty"]
            assert told.startswith("Not additive"), widget.name
        elif widget.kind == "counter":
            assert seen["value"] == shown(rows[0][0], widget.encodings["value"]), widget.name
        elif widget.kind == "table":
            check_table(widget, seen, rows)
        else:
            check_chart(widget, seen, rows)


def check_table(widget: Widget, seen: dict[str, Any], rows: list[list[Any]]) -> None:
    if not rows:
        assert seen["empty"].startswith("No rows"), widget.name
        return
    total = f"{len(rows):,}"
    assert f"of {total}" in seen["status"], (widget.name, seen["status"])
    formats = {"0.0%": "percent", "0,0.0000": "cost"}
    kinds = [
        formats.get(one.get("numberFormat", ""), one["type"]) for one in widget.encodings["columns"]
    ]
    plain = [
        at for at, one in enumerate(widget.encodings["columns"]) if "sql" not in one["fieldName"]
    ]

    def line(row: list[Any]) -> tuple[str, ...]:
        return tuple(shown(row[at], kind=kinds[at]) for at in plain)

    known = {line(row) for row in rows}
    drawn = [tuple(row[at] for at in plain) for row in seen["rows"]]
    assert drawn or "the page holds none of" in seen["status"], widget.name
    assert set(drawn) <= known, widget.name
    if "the page holds" not in seen["status"]:
        assert len(drawn) == min(25, len(rows)), widget.name


def check_chart(widget: Widget, seen: dict[str, Any], rows: list[list[Any]]) -> None:
    (query,) = widget.queries.values()
    encodings = {one["fieldName"]: one for one in widget.encodings.values()}
    values = [row for row in rows if any(v is not None for v in measures(query, row))]
    if not values:
        assert seen["empty"].startswith("No rows"), widget.name
        return
    lines = sorted(
        tuple(
            "(none)" if value is None and not one.is_aggregate else shown(value, encodings[name])
            for value, (name, one) in zip(row, query.fields.items(), strict=True)
        )
        for row in rows
    )
    drawn = sorted(tuple(row) for row in seen["rows"])
    if len(lines) > MOST_LINES:
        assert (len(drawn), set(drawn) - set(lines)) == (MOST_LINES, set()), widget.name
    else:
        assert drawn == lines, widget.name


def measures(query: Any, row: list[Any]) -> list[Any]:
    return [
        value for value, one in zip(row, query.fields.values(), strict=True) if one.is_aggregate
    ]


MOST_LINES = 1000  # under Data
DEFAULTS = {"time_range": "last 30 days"}


def test_every_tab_opens_and_shows_what_sql_says(browser: Browser, expected: Expected) -> None:
    for page in tabs(expected):
        browser.open(page)
        check(browser, expected, page, {}, DEFAULTS)
    assert browser.complaints() == []


def test_one_workspace_is_what_sql_says_of_it(
    browser: Browser, expected: Expected, workspaces: list[str]
) -> None:
    for name in (workspaces[0], "odd"):
        browser.choose_workspaces([name])
        for page in tabs(expected):
            browser.open(page)
            check(browser, expected, page, {"workspace": [name]}, DEFAULTS)
    browser.choose_workspaces([])
    assert browser.complaints() == []


def test_two_workspaces_are_added_or_said_not_to_add_up(
    browser: Browser, expected: Expected, workspaces: list[str]
) -> None:
    two = workspaces[:2]
    browser.choose_workspaces(two)
    for page in tabs(expected):
        browser.open(page)
        check(browser, expected, page, {"workspace": two}, DEFAULTS, adds_up=False)
    browser.choose_workspaces([])


def test_the_time_range_filters(
    browser: Browser, expected: Expected, workspaces: list[str]
) -> None:
    (page,) = (page for page in tabs(expected) if page.name == "observability")
    (choice,) = (widget for widget in page.widgets if widget.is_filter)
    browser.open(page)
    counted = set()
    for chosen in ([], [workspaces[0]]):
        browser.choose_workspaces(chosen)
        for name in ("last 7 days", "last 30 days", "last 90 days", "all time"):
            browser.choose(choice, name)
            browser.wait(page)
            check(browser, expected, page, {"workspace": chosen}, {"time_range": name})
            counted.add(browser.read(page.widgets[1])["value"])
    assert len(counted) == 8
    browser.choose(choice, "last 30 days")
    browser.choose_workspaces([])


@pytest.mark.parametrize("name", ["prompts-sql", "space-configuration"])
def test_the_space_filters(
    browser: Browser, expected: Expected, project: Project, name: str
) -> None:
    (page,) = (page for page in tabs(expected) if page.name == name)
    (choice,) = (widget for widget in page.widgets if widget.is_filter)
    table = "genie_space_items" if name == "space-configuration" else "genie_questions"
    space = project.value(
        f"select max(space) from genie_analytics.{table} where workspace <> 'odd'"
    )
    browser.open(page)
    browser.choose(choice, space)
    browser.wait(page)
    for widget in page.widgets:
        if not widget.is_filter and widget.kind != "text":
            seen = browser.read(widget)
            rows = expected.rows(widget, {"space": [space]}, DEFAULTS)
            if widget.kind == "table":
                assert not rows or f"of {len(rows):,}" in seen["status"]
            elif widget.kind == "bar":
                check_chart(widget, seen, rows)
    browser.choose(choice, "all")


def test_user_text_is_text(browser: Browser, expected: Expected, page: Path) -> None:
    (prompts,) = (page for page in tabs(expected) if page.name == "prompts-sql")
    browser.open(prompts)
    (table,) = (widget for widget in prompts.widgets if widget.title == "Prompts and SQL")
    browser.choose_workspaces(["odd"])
    seen = browser.read(table)
    # the oldest are left out, and so is one without any time
    assert {row[2] for row in seen["rows"]} == {SCRIPT, EMOJI, "Long?"}
    assert seen["status"] == "1\u20133 of 3 rows; the page holds the first 3 of 4"
    assert LONG_SQL in {row[4] for row in seen["rows"]}
    browser.choose_workspaces([])
    for one in tabs(expected):
        browser.open(one)
    assert browser.run("return window.injected") is None
    assert browser.run("return document.querySelectorAll('script').length") == 3
    assert browser.run("return document.querySelectorAll('main img').length") == 0
    assert browser.complaints() == []


def test_tables_are_searched_sorted_and_paged(browser: Browser, expected: Expected) -> None:
    (page,) = (page for page in tabs(expected) if page.name == "user-adoption")
    (people,) = (widget for widget in page.widgets if widget.title == "People")
    browser.open(page)
    section = browser.driver.find_element("id", people.name)
    heads = section.find_elements("css selector", "th button")
    heads[3].click()
    heads[3].click()
    counts = [int(row[3].replace(",", "")) for row in browser.read(people)["rows"]]
    assert counts == sorted(counts, reverse=True)
    sorts = [one.get_attribute("aria-sort") for one in section.find_elements("css selector", "th")]
    assert sorts[3] == "descending"
    first = browser.read(people)["rows"][0][0]
    section.find_element("css selector", "input[type=search]").send_keys(first)
    assert {row[0] for row in browser.read(people)["rows"]} == {first}
    assert "that match" in browser.read(people)["status"]


def test_it_is_used_by_keyboard(browser: Browser, expected: Expected) -> None:
    pages = tabs(expected)
    browser.open(pages[0])
    tab = browser.driver.find_element("id", f"tab-{pages[0].name}")
    tab.send_keys(Keys.ARROW_RIGHT)
    focused = browser.driver.switch_to.active_element
    assert focused.get_attribute("id") == f"tab-{pages[1].name}"
    assert focused.get_attribute("aria-selected") == "true"
    focused.send_keys(Keys.HOME)
    browser.wait(pages[0])
    unnamed = browser.run(
        "return [...document.querySelectorAll('button, select, input, summary')]"
        ".filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"
    )
    assert unnamed == 0


def test_charts_are_drawn_and_follow_the_theme(browser: Browser, expected: Expected) -> None:
    page = tabs(expected)[0]
    browser.open(page)
    charts = [one for one in page.widgets if one.kind in {"bar", "line", "area", "pie"}]
    assert browser.run(
        "return document.querySelectorAll('.grid:not([hidden]) .chart svg').length"
    ) == len(charts)
    color = "return document.querySelector('.grid:not([hidden]) .chart text').getAttribute('fill')"
    before = browser.run(color)
    browser.driver.find_element("id", "theme").click()
    browser.wait(page)
    assert browser.run(color) != before
    browser.driver.find_element("id", "theme").click()


def test_it_fits_a_phone(browser: Browser, expected: Expected) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for page in tabs(expected):
        browser.open(page)
        assert browser.run("return document.documentElement.scrollWidth") <= 390, page.name
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_no_identity_is_on_a_page_of_hashes(page: Path) -> None:
    assert found(identities(HISTORY), page.read_text(encoding="utf-8")) == []


def test_it_is_small_quick_and_needs_nothing_else(browser: Browser, page: Path) -> None:
    assert page.stat().st_size < 5_000_000
    browser.driver.get(page.as_uri())
    ready = "return document.getElementById('main').dataset.drawn ? performance.now() : 0"
    give_up_at = time.monotonic() + 10
    while not (took := browser.run(ready)):
        assert time.monotonic() < give_up_at
    assert took < 2000
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
