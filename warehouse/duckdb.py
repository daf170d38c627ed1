"""DuckDB, the embedded engine: a file that is opened for each transaction, or memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from warehouse.base import (
    Table,
    Warehouse,
    WarehouseError,
    WarehouseLockedError,
    WarehouseMissingError,
    replace_rows,
)

_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "timestamp",
}

# without a limit the cache grows with the file; dbt has settings of its own in the profile
MEMORY_LIMIT = "1GB"

_view_numbers = itertools.count()


class DuckDBWarehouse(Warehouse):
    """A DuckDB file.

    DuckDB lets one process write at a time, so the file is open only while a transaction or a
    query runs; while another process has it, opening is tried again until the time-out.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_timeout_seconds: float = 60.0,
        memory_limit: str = MEMORY_LIMIT,
    ) -> None:
        self._path = path
        self._lock_timeout_seconds = lock_timeout_seconds
        self._config = {"memory_limit": memory_limit}

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create the file, the schemas and the absent tables."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection(must_exist=False) as connection:
            _create_tables(connection, tables)

    @contextmanager
    def transaction(self) -> Iterator[DuckDBTransaction]:
        """Open the file for one transaction."""
        with self._connection() as connection:
            connection.begin()
            try:
                yield DuckDBTransaction(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Open the file, run the query, close the file."""
        with self._connection() as connection:
            return _query(connection, query, parameters)

    @contextmanager
    def _connection(self, *, must_exist: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        if must_exist and not self._path.exists():
            raise WarehouseMissingError(
                f"no database at {self._path}: run `make build` or load files first"
            )
        connection = self._open()
        try:
            connection.execute("set timezone = 'UTC'")
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseMissingError(
                f"{self._path} lacks a table or column: run `make build` first"
                f" ({_first_line(error)})"
            ) from error
        except duckdb.Error as error:
            raise WarehouseError(f"{self._path}: {_first_line(error)}") from error
        finally:
            connection.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        attempts = Retrying(
            retry=retry_if_exception(_is_locked),
            stop=stop_after_delay(self._lock_timeout_seconds),
            wait=wait_random(0.05, 0.3),
            reraise=True,
        )
        try:
            return attempts(duckdb.connect, str(self._path), config=self._config)
        except duckdb.Error as error:
            if _is_locked(error):
                raise WarehouseLockedError(
                    f"{self._path} is in use by another process for more than"
                    f" {self._lock_timeout_seconds:g} s: end it, or give --lock-timeout"
                ) from error
            raise WarehouseError(f"cannot open {self._path}: {_first_line(error)}") from error


class MemoryWarehouse(DuckDBWarehouse):
    """A DuckDB that lives in memory as long as the object; for tests and dry runs."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"))
        self._memory = duckdb.connect(":memory:")

    @contextmanager
    def _connection(
        self,
        *,
        must_exist: bool = True,  # noqa: ARG002 - memory always exists
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            yield self._memory
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseMissingError(_first_line(error)) from error

    def close(self) -> None:
        """Free the memory."""
        self._memory.close()


class DuckDBTransaction:
    """Changes on an open connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def append(self, table: Table, rows: pa.Table) -> None:
        """Append by column name; DuckDB's own append goes by position."""
        view = f"rows_{next(_view_numbers)}"
        columns = ", ".join(table.columns.names)
        # casting to the table's schema refuses missing, surplus and mistyped columns
        self._connection.register(view, rows.select(table.columns.names).cast(table.columns))
        try:
            self._connection.execute(
                f"insert into {table.qualified_name} ({columns}) select {columns} from {view}"  # noqa: S608 - names of our own tables
            )
        finally:
            self._connection.unregister(view)

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        """Append rows and delete those that they replace."""
        replace_rows(self, table, rows, identity)

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query on the open connection."""
        return _query(self._connection, query, parameters)

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement on the open connection."""
        self._connection.execute(statement, list(parameters))


def _query(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object]
) -> pa.Table:
    return connection.sql(query, params=list(parameters)).to_arrow_table()


def _create_tables(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
    for table in tables:
        columns = ", ".join(f"{field.name} {_sql_type(field.type)}" for field in table.columns)
        connection.execute(f"create schema if not exists {table.schema}")
        connection.execute(f"create table if not exists {table.qualified_name} ({columns})")
        for field in table.columns:  # a table of an earlier version may lack some
            connection.execute(
                f"alter table {table.qualified_name}"
                f" add column if not exists {field.name} {_sql_type(field.type)}"
            )


def _sql_type(arrow_type: pa.DataType) -> str:
    if pa.types.is_decimal128(arrow_type):
        return f"decimal({arrow_type.precision}, {arrow_type.scale})"
    return _TYPES[arrow_type]


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, duckdb.IOException) and "lock" in str(error).lower()


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]
