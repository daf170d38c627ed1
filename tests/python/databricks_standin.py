"""Databricks for tests: Spark and Delta Lake behind its protocol, and what an account has there.

Rows go in as Parquet files that the server reads: it runs on this machine. A real account has its
system tables from Databricks; here they are filled from a history, with their MAPs and STRUCTs.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import ROOT, Project

from demo.billing import price_rows, usage_rows
from demo.history import History
from demo.system_schemas import TABLES
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows
from warehouse import Table, Warehouse
from warehouse.landing import ALL_TABLES

CATALOG = "main"
HTTP_PATH = "/sql/1.0/warehouses/local"
CONNECTION = "connection_parameters"
INSTALLER = ROOT / "tests" / "local_databricks" / "install.py"
ENVIRONMENT = ROOT / "build" / "databricks"
JAVA_NEEDED = 17
BUILDS_WITHIN = 900  # seconds, on a busy machine

# landing tables, and the system tables that they are read from
SYSTEM_TABLES = {
    "audit": "system.access.audit",
    "workspaces": "system.access.workspaces_latest",
    "query_history": "system.query.history",
    "billing_usage": "system.billing.usage",
    "list_prices": "system.billing.list_prices",
}
_NAIVE = pa.timestamp("us")


def java_version() -> int:
    """Return the major version of the Java that Spark would take; 0 if there is none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if program is None:
        return 0
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=True).stderr
    return int(told.split('"')[1].split(".")[0])


@dataclass(frozen=True)
class Standin:
    """A running server."""

    url: str
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8")

    @property
    def connection_parameters(self) -> dict[str, object]:
        """What a profile needs to reach it: it speaks http, and has no cloud to fetch from."""
        return {
            "_connection_uri": self.url + HTTP_PATH,
            "enable_telemetry": False,
            "use_cloud_fetch": False,
        }

    def write_profile(self, folder: Path) -> Path:
        """Write the profile of production with the address of the stand-in."""
        output = {
            "type": "databricks",
            "catalog": CATALOG,
            "schema": "genie_analytics",
            "host": self.url,
            "http_path": HTTP_PATH,
            "token": "none",
            "threads": 2,
            CONNECTION: self.connection_parameters,
        }
        profile = {
            "genie_observability": {"target": "databricks", "outputs": {"databricks": output}}
        }
        folder.mkdir()
        (folder / "profiles.yml").write_text(json.dumps(profile))  # JSON is YAML
        return folder


@contextmanager
def running_standin(folder: Path) -> Iterator[Standin]:
    """Start a server with empty catalogs; skip the test where Java is missing."""
    if java_version() < JAVA_NEEDED:
        pytest.skip(f"no Java {JAVA_NEEDED} or newer: see `make test-deps`")
    subprocess.run([sys.executable, str(INSTALLER), str(ENVIRONMENT)], check=True)
    command = (
        *(str(ENVIRONMENT / ".venv/bin/python"), "-m", "local_databricks"),
        *("--folder", str(folder), "--jar", str(ENVIRONMENT / "lake.jar")),
        *("--catalog", CATALOG, "--catalog", "system"),
    )
    with (folder / "stderr.log").open("w") as errors:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(INSTALLER.parents[1]),
                "PYTHONDONTWRITEBYTECODE": "",  # its packages are not compiled yet
            },
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()  # it says where when it answers
        assert url, (folder / "stderr.log").read_text()
        yield Standin(url, folder)
    finally:
        server.terminate()
        server.wait(timeout=30)
        server.stdout.close()


class StandinWarehouse(Warehouse):
    """Reads through Databricks' own driver; appends Parquet files."""

    def __init__(self, standin: Standin) -> None:
        from databricks import sql

        self._standin = standin
        logging.getLogger("databricks.sql").setLevel(logging.WARNING)  # it would log every row
        self._connection = sql.connect(
            server_hostname="127.0.0.1",
            http_path=HTTP_PATH,
            access_token="none",
            **standin.connection_parameters,
        )

    def close(self) -> None:
        """End the session; without a server the driver would try for minutes."""
        self._connection.close()

    def create_tables(self, tables: Iterable[Table]) -> None:
        for table in tables:
            self.create_table(f"{CATALOG}.{table.qualified_name}", table.columns)

    def create_table(self, name: str, columns: pa.Schema) -> None:
        path = self._standin.folder / "empty.parquet"
        pq.write_table(columns.empty_table(), path)
        self.execute(f"create schema if not exists {name.rpartition('.')[0]}")
        self.execute(f"create table if not exists {name} as select * from parquet.`{path}`")

    @contextmanager
    def transaction(self) -> Iterator[StandinWarehouse]:
        """Each statement is a transaction of its own: Delta Lake knows no other."""
        yield self

    def append(self, table: Table, rows: pa.Table) -> None:
        self.append_rows(f"{CATALOG}.{table.qualified_name}", rows.select(table.columns.names))

    def append_rows(self, name: str, rows: pa.Table) -> None:
        if not rows.num_rows:  # nothing to do takes it a second, too
            return
        path = self._standin.folder / "rows.parquet"
        pq.write_table(rows, path)
        self.execute(f"insert into {name} by name select * from parquet.`{path}`")

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        rows = self._run(query, parameters)
        zoned = [column.with_type(_plain(column.type)) for column in rows.schema]
        return rows.cast(pa.schema(zoned))

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        self._run(statement, parameters)

    def _run(self, statement: str, parameters: Sequence[object]) -> pa.Table:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, list(parameters) or None)
            return cursor.fetchall_arrow()


def _plain(kind: pa.DataType) -> pa.DataType:
    """Times are UTC without saying so, as on the other engines."""
    return _NAIVE if pa.types.is_timestamp(kind) else kind


def system_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows as the system table has them: MAPs and STRUCTs, also where they came as JSON."""
    columns = TABLES[name]
    typed = [{item.name: _typed(row.get(item.name), item.type) for item in columns} for row in rows]
    return pa.Table.from_pylist(typed, schema=columns)


def _typed(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_nested(kind) and isinstance(value, str):
        value = json.loads(value)
    if pa.types.is_struct(kind):
        return {item.name: _typed(value.get(item.name), item.type) for item in kind}
    if pa.types.is_decimal(kind):
        return Decimal(str(value))
    if pa.types.is_map(kind):
        return list(value.items())
    if isinstance(value, str) and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return pa.scalar(value).cast(kind).as_py()
    return value


@dataclass
class DatabricksProject(Project):
    """The project with the stand-in for its database."""

    engine: str = "databricks"
    dbt_within: float = BUILDS_WITHIN
    standin: Standin = field(kw_only=True)

    @cached_property
    def warehouse(self) -> StandinWarehouse:  # type: ignore[override]
        return StandinWarehouse(self.standin)

    def __post_init__(self) -> None:
        self.extra["DBT_PROFILES_DIR"] = str(self.standin.write_profile(self.folder / "profiles"))

    def create_tables(self) -> None:
        self.create_system_tables()
        self.warehouse.create_tables(ALL_TABLES)

    def create_system_tables(self) -> None:
        for name, columns in TABLES.items():
            self.warehouse.create_table(name, columns)

    def land(self, rows: Mapping[str, pa.Table]) -> None:
        """Append rows to landing tables, and system tables' rows to these too."""
        super().land(rows)
        for table, name in SYSTEM_TABLES.items():
            self.warehouse.append_rows(name, system_rows(name, rows[table].to_pylist()))

    def load(self, history: History, urls: Mapping[str, str | None]) -> None:
        """Fill the system tables from a history."""
        tables = {
            "audit": audit_rows(history),
            "workspaces": workspaces_rows(history, urls),
            "query_history": query_history_rows(history),
            "billing_usage": usage_rows(history),
            "list_prices": price_rows(history),
        }
        for table, rows in tables.items():
            name = SYSTEM_TABLES[table]
            self.warehouse.append_rows(name, system_rows(name, rows))
