"""How long the dashboard's page takes, and how large it is, with few messages and with many.

Multiplies what `make demo` built, in a copy: `python bench/dashboard.py [--messages 1000000]`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
BUILT = Path("var", "genie.duckdb")
RENDER = (sys.executable, "-m", "dashboards", "render")
MEGABYTES = 5
# what tells one copy of a message, its conversation and its statements from another
KEYS = (
    *("message_key", "message_id", "next_message_id", "conversation_id"),
    *("attachment_key", "statement_key", "statement_id"),
)
TABLES = """
    select table_schema || '.' || table_name as name, list(column_name) as columns
    from information_schema.columns join information_schema.tables
        using (table_schema, table_name)
    where table_type = 'BASE TABLE' and table_schema in ('genie_silver', 'genie_analytics')
    group by all having list_contains(columns, 'message_key')
"""
COUNT = "select count(*) from genie_analytics.genie_message_outcomes"


def count(database: Path) -> int:
    """Return how many messages have an outcome."""
    with duckdb.connect(str(database), read_only=True) as connection:
        (found,) = connection.execute(COUNT).fetchall()
    return int(found[0])


def multiply(database: Path, times: int) -> None:
    """Copy every message, with what was built of it, so that each is there so many times."""
    with duckdb.connect(str(database)) as connection:
        for name, columns in connection.execute(TABLES).fetchall():
            others = ", ".join(f"{key} || '-' || copy as {key}" for key in KEYS if key in columns)
            connection.execute(
                f"insert into {name} by name select * exclude (copy) replace ({others})"
                f" from {name} cross join range(1, {times}) as copies (copy)"
            )


def page(database: Path, output: Path, bound: int) -> float:
    """Render the page, say what it cost, and return the seconds."""
    environment = os.environ | {"GENIE_DUCKDB_PATH": str(database), "GENIE_TARGET": "duckdb"}
    begun = time.perf_counter()
    command = (*RENDER, "--target", "duckdb", "--output", str(output))
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    size = output.stat().st_size / 1e6
    print(f"page of {count(database):,} messages: {seconds:.1f} s, under {bound}; ", end="")
    print(f"{size:.1f} MB, under {MEGABYTES}", flush=True)
    return seconds


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--database", type=Path, default=ROOT / BUILT)
    given = parser.parse_args()
    if not given.database.exists():
        parser.error(f"{given.database} is not there: `make demo` makes it")
    with tempfile.TemporaryDirectory() as name:
        database, output = Path(name, "genie.duckdb"), Path(name, "page.html")
        shutil.copy(given.database, database)
        few = page(database, output, 10)
        multiply(database, -(-given.messages // max(count(database), 1)))
        many = page(database, output, 60)
    print(f"many messages over few: {many / few:.1f} times the time")


if __name__ == "__main__":
    main()
