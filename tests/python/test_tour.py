"""`make demo` as a newcomer sees it, in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from harness import ROOT, SHARED
from notebook import code_cells, run_notebook
from servers import PostgresAccess

Tour = Callable[..., str]

DATABASE = Path("var", "genie.duckdb")

pytestmark = pytest.mark.slow


@pytest.fixture
def tour(tmp_path: Path) -> Tour:
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "dbt_project.yml",
            "macros",
            "models",
            "profiles",
            "seeds",
            "tests/dbt",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)

    def take(*arguments: str, environ: Mapping[str, str] | None = None) -> str:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GENIE_", "DBT_"))
        }
        finished = subprocess.run(
            [sys.executable, "-m", "demo", "run", *arguments],
            cwd=tmp_path,
            env=kept
            | {"DATABRICKS_TOKEN": "a-real-token-that-must-not-be-used"}
            | dict(environ or {}),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        assert finished.stderr == ""
        return finished.stdout

    return take


def test_a_tour_and_the_same_tour_again_and_on_postgres(
    tour: Tour, postgres_access: PostgresAccess, tmp_path: Path
) -> None:
    first = tour()
    assert "messages up to" in first
    assert "2,000 found" in first
    calls = re.search(r"API calls .* ([0-9.]+) a message", first)
    assert calls is not None
    assert float(calls[1]) <= 0.2
    ledger = re.search(r"ledger +([0-9,]+) transactions to train on, ([0-9,]+) left out", first)
    assert ledger is not None
    assert 1_900 < sum(int(count.replace(",", "")) for count in ledger.groups()) <= 2_000
    for part in ("failure rate", "waiting, AUTH_ERROR", "top spaces", "var/genie.duckdb"):
        assert part in first
    second = tour()
    assert "Nothing new: every message had been fetched before." in second
    assert "the files were loaded before" in second
    assert "load a ledger: nothing new, it was loaded before" in second
    assert second.split("messages  ")[1] == first.split("messages  ")[1]
    postgres_access.renew_database()
    on_postgres = tour("--target", "postgres", environ=postgres_access.environ)
    assert figures(on_postgres) == figures(first)
    assert_story_is_told({"GENIE_DUCKDB_PATH": str(tmp_path / DATABASE)})
    assert_story_is_told({"GENIE_TARGET": "postgres", **postgres_access.environ})


def figures(output: str) -> list[str]:
    """The summary, less the moment of the next try, which depends on that of the last."""
    summary = output.split("in all\n")[1].split("Where to look next", maxsplit=1)[0]
    lines = [re.sub(r"\(next try .*\)", "", line) for line in summary.splitlines()]
    assert len(lines) > 10
    return lines


def assert_story_is_told(environ: Mapping[str, str]) -> None:
    """Run the notebook: every plot is drawn, of no person."""
    shown = run_notebook(environ)
    assert shown.plots == "\n".join(code_cells()).count("\ndraw(")
    assert "nothing to draw" not in shown.text
    assert "<td>2000</td>" in shown.text  # messages, in the state of the feed
    assert "@" not in shown.text


def test_an_account_where_nothing_happened(tour: Tour, tmp_path: Path) -> None:
    output = tour("--messages", "0", "--spaces", "0")
    assert "0 found, 0 fetched" in output
    assert "no messages, so none" in output
    assert "verdict          empty" in output
    shown = run_notebook({"GENIE_DUCKDB_PATH": str(tmp_path / DATABASE)})
    assert "Questions a day: nothing to draw" in shown.text


def test_real_questions(tour: Tour, tmp_path: Path) -> None:
    path = SHARED / "data" / "questions_and_sql.jsonl"
    if not path.exists():
        pytest.skip("no ../shared/data/questions_and_sql.jsonl beside the project")
    output = tour("--messages", "600", "--questions", str(path))
    assert "600 found" in output
    asked = {json.loads(line)["question"] for line in path.read_text().splitlines()}
    import duckdb

    with duckdb.connect(str(tmp_path / DATABASE), read_only=True) as connection:
        rows = connection.execute(
            "select content from genie_analytics.message_details where content is not null"
        ).fetchall()
    assert len(asked & {content for (content,) in rows}) > 100
