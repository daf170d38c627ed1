"""The docs site as a person uses it: who trains on the marts, and what stands behind them.

Headless Chromium opens a page of ours that holds the site in a frame, types and clicks in it as a
person would, and notes down what is to be seen.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from harness import Project

EXPOSURE = "exposure.genie_observability.ml_training_pipeline"
MARTS = {"fct_training_view", "dim_merchants", "fct_suggestions_eval"}
SOURCES = {
    *("ledger.transactions", "ledger.transaction_labels", "ledger.ml_features"),
    *("ledger.suggestion_events", "ledger.suggestion_feedback"),
}
TAGS = ("ledgermind", "canary", "phase3")
VISIT = """<!doctype html>
<iframe id="site" src="index.html" width="1400" height="1000"></iframe>
<pre id="seen"></pre>
<script>
const site = () => document.getElementById("site").contentDocument;
const all = (selector) => [...site().querySelectorAll(selector)];
const text = (element) => element.textContent.replace(/\\s+/g, " ").trim();

async function until(find) {
    for (let tries = 0; tries < 400; tries++) {
        const found = find();
        if (found) return found;
        await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error("not seen: " + find);
}

async function search(words) {
    const box = await until(() => site().getElementById("search"));
    box.focus();
    box.value = words;
    box.dispatchEvent(new Event("input", {bubbles: true}));
    const shown = () => all(".search-result").filter((result) => text(result).includes(words));
    await until(() => shown().length);
    return shown();
}

async function visit(seen) {
    await until(() => all(".app-menu a").some((link) => text(link).includes("training")));
    seen.tags = {};
    for (const tag of TAGS) seen.tags[tag] = (await search(tag)).map(text);
    const results = await search("ML training pipeline");
    seen.results = results.map(text);
    results.find((result) => text(result).includes("exposure")).click();
    await until(() => site().location.hash.includes("/exposure/"));
    const pages = () => all("[ui-view]").map(text);
    seen.page = await until(() => pages().find((page) => /maturity/i.test(page)));
    seen.address = site().location.hash;
    site().querySelector("[title='View Lineage Graph']").click();
    const wrapper = await until(() => all("#graph-viz-wrapper *").find((part) => part._cyreg));
    const graph = await until(() => wrapper._cyreg.cy);
    const visible = () => graph.nodes().filter((node) => node.visible());
    await until(() => visible().length > 1);
    seen.near = visible().map((node) => node.data().label);
    site().querySelector("[title='View Fullscreen']").click();
    await until(() => visible().some((node) => node.id().startsWith("source.")));
    seen.all = visible().map((node) => node.data().label);
    seen.edges = graph.edges().filter((edge) => edge.visible())
        .map((edge) => [edge.source().data().label, edge.target().data().label]);
}

const seen = {};
visit(seen).catch((error) => { seen.error = String(error); }).finally(() => {
    document.getElementById("seen").textContent = JSON.stringify(seen);
});
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium: see `make test-deps`"),
]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def site(make_project: Callable[[], Project]) -> Iterator[str]:
    """The address of the docs site, served by dbt."""
    project = make_project()
    project.artifacts = True
    project.create_tables()
    project.dbt("parse")
    project.dbt("docs", "generate", "--no-compile", "--empty-catalog")
    (project.parsed / "visit.html").write_text(VISIT.replace("TAGS", json.dumps(TAGS)))
    port = free_port()
    program = str(Path(sys.executable).with_name("dbt"))
    command = (program, "docs", "serve", "--no-browser", "--host", "127.0.0.1", "--port", str(port))
    server = subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/manifest.json")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address: str) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        try:
            urlopen(address).close()
        except URLError:
            assert time.monotonic() < give_up_at
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def seen(site: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    profile = tmp_path_factory.mktemp("chromium")
    shown = subprocess.run(
        [
            *("chromium", "--headless", "--disable-gpu", "--disable-dev-shm-usage"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it starts no other way as root
            f"--user-data-dir={profile}",
            "--virtual-time-budget=120000",
            "--dump-dom",
            f"{site}/visit.html",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    noted = re.search(r'<pre id="seen">(.*?)</pre>', shown, re.DOTALL)
    assert noted, shown[-500:]
    found: dict[str, Any] = json.loads(html.unescape(noted[1]))
    assert "error" not in found, found
    return found


def test_the_exposure_is_found_by_search(seen: dict[str, Any]) -> None:
    assert any("ML training pipeline exposure" in result for result in seen["results"])
    assert EXPOSURE in seen["address"]


@pytest.mark.parametrize("tag", TAGS)
def test_the_exposure_is_found_by_tag(seen: dict[str, Any], tag: str) -> None:
    assert any("ML training pipeline exposure" in result for result in seen["tags"][tag])


def test_its_page_says_who_trains(seen: dict[str, Any]) -> None:
    for part in ("LedgerMind ML", "ml@ledger-mind.org", "high", "Promotes a version"):
        assert part in seen["page"]


def test_its_lineage_shows_the_marts_and_their_sources(seen: dict[str, Any]) -> None:
    assert set(seen["near"]) >= MARTS
    assert set(seen["all"]) >= MARTS | SOURCES
    (exposure,) = {target for source, target in seen["edges"] if source == "dim_merchants"}
    assert {source for source, target in seen["edges"] if target == exposure} == MARTS
