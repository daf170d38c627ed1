"""What the exporter costs, on this machine, against what it may cost.

Runs in a folder of its own, on DuckDB: `python bench/exporter.py [--pairs 15]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
DBT = (sys.executable, "-c", "from dbt.cli.main import cli; cli()")
EXPORTER = (sys.executable, "-m", "exporters")
SOURCES = 1_000
SCRAPES = 1_000

PROJECT = """
name: bench
profile: genie_observability
flags: {send_anonymous_usage_stats: false}
"""
SOURCE = """
sources:
  - name: raw
    schema: raw
    config:
      loaded_at_field: loaded_at
      freshness: {warn_after: {count: 1, period: day}, error_after: {count: 3, period: day}}
    tables:
"""


class Bench:
    """A project with some sources, and artifacts with a thousand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.many = folder, folder / "many"
        self.environment = os.environ | {
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "GENIE_DUCKDB_PATH": "bench.duckdb",
            "GENIE_TARGET": "duckdb",
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }

    def prepare(self, tables: int = 20) -> None:
        """Write the project, fill its tables, check them once, and multiply what dbt wrote."""
        names = [f"table_{number:04}" for number in range(tables)]
        (self.folder / "dbt_project.yml").write_text(PROJECT)
        (self.folder / "models").mkdir()
        listed = "".join(f"      - name: {name}\n" for name in names)
        (self.folder / "models" / "sources.yml").write_text(SOURCE + listed)
        with duckdb.connect(str(self.folder / "bench.duckdb")) as connection:
            connection.execute("create schema raw")
            for name in names:
                connection.execute(
                    f"create table raw.{name} as select ? as loaded_at",
                    [datetime.now(UTC).replace(tzinfo=None)],
                )
        self.run(*DBT, "source", "freshness")
        self.many.mkdir()
        for name, part in (("manifest", "sources"), ("sources", "results")):
            document = json.loads((self.folder / "target" / f"{name}.json").read_text())
            document[part] = _multiplied(document[part])
            (self.many / f"{name}.json").write_text(json.dumps(document))

    def run(self, *command: str) -> float:
        """Run a program; return the seconds it took."""
        begun = time.perf_counter()
        subprocess.run(
            command, cwd=self.folder, env=self.environment, check=True, capture_output=True
        )
        return time.perf_counter() - begun

    def overhead(self, pairs: int) -> None:
        """Compare an export with the bare dbt command, by turns."""
        bare, export = (*DBT, "source", "freshness"), (*EXPORTER, "textfile", "bench.prom")
        self.run(*export)
        ratios = []
        for number in range(pairs):
            order = (bare, export) if number % 2 else (export, bare)
            seconds = {command: self.run(*command) for command in order}
            ratios.append(seconds[export] / seconds[bare])
        told = f"{statistics.median(ratios) - 1:+.1%} (median of {pairs} pairs)"
        print(f"export over bare dbt source freshness: {told}, at most +10 %")

    def cold(self) -> None:
        """Export a thousand sources from artifacts."""
        command = (*EXPORTER, "textfile", "many.prom", "--artifacts", str(self.many))
        seconds = statistics.median(self.run(*command) for _ in range(5))
        alone = subprocess.run(
            [sys.executable, "-c", _MEASURED, *command], cwd=self.folder, env=self.environment,
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        memory = int(alone) / 1024
        print(f"{SOURCES} sources from artifacts: {seconds:.2f} s, under 0.5; {memory:.0f} MB, 100")

    def scrapes(self) -> None:
        """Scrape a thousand sources while they are read again and again."""
        command = (*EXPORTER, "serve", "--listen", "127.0.0.1:9199", "--interval", "1")
        process = subprocess.Popen(
            [*command, "--artifacts", str(self.many)], cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            process.stdout.readline()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            while not opener.open("http://127.0.0.1:9199/metrics").read():
                time.sleep(0.1)
            seconds = []
            for _ in range(SCRAPES):
                begun = time.perf_counter()
                text = opener.open("http://127.0.0.1:9199/metrics").read()
                seconds.append(time.perf_counter() - begun)
                assert text.count(b"dbt_source_expected{") == SOURCES
                time.sleep(0.01)
        finally:
            process.terminate()
            process.wait()
        p99 = statistics.quantiles(seconds, n=100)[98]
        print(f"scrape of {SOURCES} sources: p99 {p99 * 1000:.0f} ms, under 50")


_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _multiplied(part: Any) -> Any:
    """Return as many sources, or results of them, as are wanted."""
    first = next(iter(part.values())) if isinstance(part, dict) else part[0]
    copies = []
    for number in range(SOURCES):
        copy = deepcopy(first)
        copy["unique_id"] = f"source.bench.raw.copy_{number:04}"
        if isinstance(part, dict):
            copy["name"] = f"copy_{number:04}"
        copies.append(copy)
    return {copy["unique_id"]: copy for copy in copies} if isinstance(part, dict) else copies


def main() -> None:
    """Measure all, or what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        bench.prepare()
        bench.cold()
        bench.scrapes()
        bench.overhead(given.pairs)


if __name__ == "__main__":
    main()
