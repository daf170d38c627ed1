"""`make ml-dash-import-freshness` against a server that answers as Grafana does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

DASHBOARD = ROOT / "ops/grafana/dashboards/ml-source-freshness.json"
KEY = "glsa_correct_horse"


class Grafana(ThreadingHTTPServer):
    """Takes dashboards as Grafana's HTTP API says, below a path."""

    def __init__(self) -> None:
        self.boards: dict[str, dict[str, Any]] = {}
        self.may_write = True
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/grafana"


class Handler(BaseHTTPRequestHandler):
    server: Grafana

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code, answer = self.answer(body)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, str]]:
        board, known = body["dashboard"], self.server.boards
        refusals = {
            (404, "Not found"): self.path != "/grafana/api/dashboards/db",
            (401, "Invalid API key"): self.headers["Authorization"] != f"Bearer {KEY}",
            (403, "You'll need additional permissions"): not self.server.may_write,
            (404, "folder not found"): body.get("folderUid", "genie") != "genie",
            (412, "The dashboard has been changed by someone else"): (
                board["uid"] in known and not body["overwrite"]
            ),
        }
        for (code, message), applies in refusals.items():
            if applies:
                return code, {"message": message}
        known[board["uid"]] = board
        return 200, {"url": f"/grafana/d/{board['uid']}/{board['uid']}", "status": "success"}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with Grafana() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def load(
    *arguments: str, dashboard: Path = DASHBOARD, **settings: str
) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "ops/grafana/import_dashboard.py")
    return subprocess.run(
        [sys.executable, script, str(dashboard), *arguments],
        env={"PATH": os.environ["PATH"], **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_posted_as_it_is(grafana: Grafana) -> None:
    done = load(GRAFANA_URL=f"{grafana.url}/", GRAFANA_API_KEY=KEY, GRAFANA_FOLDER_UID="genie")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"imported: {grafana.url}/d/ml-source-freshness/ml-source-freshness\n"
    assert grafana.boards == {"ml-source-freshness": json.loads(DASHBOARD.read_text())}


def test_what_was_changed_in_grafana_is_kept_unless_told_otherwise(grafana: Grafana) -> None:
    settings = {"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY": KEY}
    assert load(**settings).returncode == 0
    again = load(**settings)
    assert again.returncode == 1
    assert again.stderr.startswith("error: 412: the dashboard was changed in Grafana since")
    assert "OVERWRITE=1" in again.stderr
    assert load("--overwrite", **settings).returncode == 0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"GRAFANA_API_KEY": "old"}, "401: GRAFANA_API_KEY is wrong or expired"),
        ({"GRAFANA_FOLDER_UID": "gone"}, "404: no Grafana there, or no such folder"),
        ({"GRAFANA_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1 cannot be reached"),
        ({"GRAFANA_URL": "http://grafana.invalid"}, "a token is sent by https"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(
    grafana: Grafana, changed: dict[str, str], told: str
) -> None:
    failed = load(**({"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY": KEY} | changed))
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert told in line
    assert KEY not in line
    assert grafana.boards == {}


def test_another_address_of_the_same_server_is_404(grafana: Grafana) -> None:
    failed = load(GRAFANA_URL=grafana.url.removesuffix("/grafana"), GRAFANA_API_KEY=KEY)
    assert "404: no Grafana there" in failed.stderr


def test_a_right_that_is_missing_is_403(grafana: Grafana) -> None:
    grafana.may_write = False
    failed = load(GRAFANA_URL=grafana.url, GRAFANA_API_KEY=KEY)
    assert "403: the service account may not write" in failed.stderr


def test_make_needs_both_settings_and_overwrites_when_asked(grafana: Grafana) -> None:
    failed = load(GRAFANA_URL=grafana.url)
    assert (failed.returncode, failed.stderr) == (64, "error: set GRAFANA_API_KEY\n")
    told = subprocess.run(
        ["make", "--dry-run", "ml-dash-import-freshness", "OVERWRITE=1"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    expected = "import_dashboard.py --overwrite ops/grafana/dashboards/ml-source-freshness.json"
    assert expected in told
