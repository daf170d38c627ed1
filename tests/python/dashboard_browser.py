"""The rendered dashboard in headless Chromium."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from dashboards.definition import Page, Widget

needs_chromium = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="no Chromium with its driver: see `make test-deps`",
)

# what a widget shows, as one list of cells a row
READ = """
const widget = document.getElementById(arguments[0]);
const cells = (row) => [...row.children].map((cell) => {
    const more = cell.querySelector("details");
    if (more) more.open = true;
    if (more) more.dispatchEvent(new Event("toggle"));
    return (more ? more.querySelector("pre") : cell).textContent;
});
const rows = [...widget.querySelectorAll("tbody tr")].map(cells);
const text = (selector) => (widget.querySelector(selector) || {}).textContent;
return {rows, value: text(".value"), status: text("[role=status]"), empty: text(".empty")};
"""


class Browser:
    """The page in Chromium."""

    def __init__(self, path: Path, profile: Path) -> None:
        options = Options()
        for argument in (
            *("--headless=new", "--disable-gpu", "--disable-dev-shm-usage"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it starts no other way as root
            *("--window-size=1400,1000", f"--user-data-dir={profile}"),
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=Service(shutil.which("chromedriver") or "")
        )
        self.driver.get(path.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)  # type: ignore[no-untyped-call]

    def open(self, page: Page) -> None:
        self.run("document.getElementById(`tab-${arguments[0]}`).click()", page.name)
        self.wait(page)

    def wait(self, page: Page) -> None:
        give_up_at = time.monotonic() + 20
        while self.run("return document.getElementById('main').dataset.drawn") != page.name:
            assert time.monotonic() < give_up_at, page.name
            time.sleep(0.02)

    def choose_workspaces(self, names: list[str]) -> None:
        self.run(
            "for (const label of document.querySelectorAll('#filters label')) {"
            " const box = label.firstChild;"
            " if (box.checked !== arguments[0].includes(label.textContent.trim())) box.click(); }",
            names,
        )

    def choose(self, widget: Widget, value: str) -> None:
        self.run(
            "const list = document.getElementById(arguments[0]).querySelector('select');"
            "list.value = [...list.options].find((o) => o.textContent === arguments[1]).value;"
            "list.dispatchEvent(new Event('change'))",
            *(widget.name, value),
        )

    def read(self, widget: Widget) -> dict[str, Any]:
        found: dict[str, Any] = self.run(READ, widget.name)
        return found

    def complaints(self) -> list[Any]:
        found: list[Any] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return found
