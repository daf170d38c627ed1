"""The project as a person uses it: its programs, a database, an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from forked import run_forked

from demo.files import write_system_tables
from demo.history import History
from ingest.loading import load_files
from ingest.privacy import Privacy
from warehouse import Warehouse, open_warehouse, read_profile
from warehouse.landing import ALL_TABLES, SYSTEM_TABLES

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BILL = ("warehouse_hours", "billing_usage", "list_prices")
WITHOUT_LOG = {"DBT_LOG_LEVEL_FILE": "none"}  # a tenth of its time
WITHOUT_ARTIFACTS = {"DBT_WRITE_JSON": "false"}
# what says what to fetch, with the seeds and tables that it reads
WORK_LISTS = (
    *("+genie_messages_to_fetch", "+genie_spaces_to_fetch"),
    *("+genie_comments_to_fetch", "+genie_conversations", "+genie_eval_runs"),
)
# where dbt keeps what it has parsed, by engine, project and --vars
PARSES: dict[tuple[str, str, str], Path] = {}
CLIENT_SECRET = "correct-horse-battery-staple"


def copy_project(folder: Path) -> Path:
    """Copy what dbt reads, for a test that changes some of it."""
    for name in ("models", "macros", "seeds", "snapshots", "tests/dbt", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    return folder


def expected(
    finished: subprocess.CompletedProcess[str], code: int | None
) -> subprocess.CompletedProcess[str]:
    """Return a program's end, which has to be with this exit code, or with any."""
    if code is not None:
        assert finished.returncode == code, finished.stdout + finished.stderr
    return finished


@dataclass
class Project:
    """The project with a database, a target folder and an environment of its own."""

    folder: Path
    parsed: Path
    extra: dict[str, str] = field(default_factory=dict)
    engine: str = "duckdb"
    dbt_within: float = 300  # seconds
    artifacts: bool = False  # whether dbt writes its manifest and results, which takes seconds

    @property
    def warehouse(self) -> Warehouse:
        environment = self.environment | {"GENIE_DUCKDB_PATH": str(self.database)}
        profile = read_profile(ROOT / "profiles", self.engine, environment)
        return open_warehouse(profile, schema_prefix=self.extra.get("GENIE_SCHEMA_PREFIX", ""))

    @property
    def database(self) -> Path:
        return self.folder / "genie.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABRICKS_", "GENIE_", "DBT_"))
        }
        return kept | {
            "DBT_PROJECT_DIR": str(ROOT),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.parsed),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            # the same text for every project: a changed profile would make dbt parse anew
            "GENIE_DUCKDB_PATH": self.database.name,
            "GENIE_TARGET": self.engine,
            # a statement for each column: asked for where they are looked at
            "GENIE_COLUMN_COMMENTS": "false",
            **self.extra,
        }

    def run(
        self, *command: str, expect: int | None = 0, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            [*command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return expected(finished, expect)

    def ingest(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        finished = run_forked(
            *("genie-ingest", arguments), cwd=self.folder, env=self.environment, timeout=300
        )
        return expected(finished, expect)

    def dbt(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        environment = self.environment
        given = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
        if "--log-path" not in arguments:
            environment = WITHOUT_LOG | environment
        if not self.artifacts:
            environment = WITHOUT_ARTIFACTS | environment
            if given:  # another text in the same folder would make dbt parse the whole project anew
                folder = self.parsed / f"vars-{zlib.crc32(given.encode()):08x}"
                environment["DBT_TARGET_PATH"] = str(folder)
        self._begin_as_parsed_before(environment, given)
        finished = run_forked(
            *("dbt", ["--no-use-colors", *arguments]),
            cwd=self.folder,
            env=environment,
            timeout=self.dbt_within,
        )
        return expected(finished, expect)

    def _begin_as_parsed_before(self, environment: Mapping[str, str], given: str) -> None:
        """Copy what dbt has parsed for another project, if it is like this; dbt checks that."""
        parse = Path(environment["DBT_TARGET_PATH"]) / "partial_parse.msgpack"
        first = PARSES.setdefault((self.engine, environment["DBT_PROJECT_DIR"], given), parse)
        if first.exists() and not parse.exists():
            parse.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(first, parse)

    def build_work_lists(self) -> None:
        """Build what the ingesters read, as a scheduled run does before it fetches."""
        self.dbt(
            *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
            *("--select", "+genie_messages_to_fetch", "+genie_spaces_to_fetch"),
        )

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        if self.engine != "duckdb":
            found: list[dict[str, Any]] = self.warehouse.read(sql, parameters).to_pylist()
            return found
        with duckdb.connect(str(self.database), read_only=True) as connection:
            rows: list[dict[str, Any]] = (
                connection.sql(sql, params=list(parameters)).to_arrow_table().to_pylist()
            )
            return rows

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        (row,) = self.query(sql, parameters)
        (value,) = row.values()
        return value

    def create_tables(self) -> None:
        """Create what is there before the first build."""
        self.ingest("init")

    def land(self, rows: Mapping[str, pa.Table]) -> None:
        """Append rows to landing tables, as one batch of theirs."""
        with self.warehouse.transaction() as transaction:
            for table in ALL_TABLES:
                transaction.append(table, rows[table.name])

    def load(self, history: History, urls: Mapping[str, str | None]) -> None:
        files = write_system_tables(history, urls, self.folder / "system_tables")
        mode, key = self.extra.get("GENIE_PII_MODE", "full"), self.extra.get("GENIE_PII_KEY", "")
        for table, path in files.items():
            if table in BILL:  # without the time that a process takes to start
                list(load_files(self.warehouse, SYSTEM_TABLES[table], [path], Privacy(mode, key)))
            else:
                self.ingest("load-files", "--table", table, str(path))

    def sign_in(self, history: History, secret: str = CLIENT_SECRET) -> None:
        self.extra |= {
            "DATABRICKS_CLIENT_ID": history.observer.name,
            "DATABRICKS_CLIENT_SECRET": secret,
        }
