"""Postgres 15 and later: rows go in by COPY and come out as Arrow, through ADBC."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from warehouse.base import (
    Table,
    UnknownTargetError,
    Warehouse,
    WarehouseError,
    WarehouseLockedError,
    WarehouseMissingError,
    replace_rows,
)

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

_TYPES = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.float64(): "double precision",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "timestamp",
}

_CREATION_LOCK = 724_002  # our number among the advisory locks; dbt's own start takes 724001
_NUMERIC_HEADER = 4  # Postgres keeps precision and scale of a numeric in its typmod, less this
_LONGEST_PRECISION = 38

# SQLSTATE classes and codes (Postgres documentation, appendix A)
_UNDEFINED = frozenset({"42P01", "42703", "3F000"})  # table, column, schema
_NO_RIGHT = "42501"
_DISK_FULL = "53100"
_LOCK_TIMEOUT = "55P03"


class PostgresWarehouse(Warehouse):
    """A Postgres database; each transaction and each query has a connection of its own.

    So a server that was restarted in between is no matter.
    """

    def __init__(self, settings: Mapping[str, Any], *, lock_timeout_seconds: float = 60.0) -> None:
        """Take the keys of a dbt-postgres profile: host, port, user, password, dbname.

        Raises:
            UnknownTargetError: the driver is not installed.
        """
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise UnknownTargetError(
                "the Postgres driver is not installed: pip install 'genie-observability[postgres]'"
            ) from None
        self._connect = dbapi.connect
        self._settings = settings
        self._options = f"-c timezone=UTC -c lock_timeout={int(lock_timeout_seconds * 1000)}"
        self._name = f"{settings['host']}:{settings['port']}/{settings['dbname']}"

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create the absent schemas, tables and columns; the database itself must exist."""
        with self._connection() as connection:
            # two that create the same schema at once would both try
            _execute(connection, f"select pg_advisory_xact_lock({_CREATION_LOCK})")
            for table in tables:
                for statement in _creation(table):
                    _execute(connection, statement)
            connection.commit()

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        """Open a connection for one transaction."""
        with self._connection() as connection:
            yield PostgresTransaction(connection)
            connection.commit()

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Open a connection, run the query, close it."""
        with self._connection() as connection:
            return _query(connection, query, parameters)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Yield a connection; what is not committed in the block is rolled back by closing."""
        connection = self._open()
        try:
            yield connection
        except Exception as error:
            if not _is_database_error(error):
                raise
            raise self._told(error) from error
        finally:
            with suppress(Exception):  # a lost connection cannot be closed, and need not be
                connection.close()

    def _open(self) -> Connection:
        settings = {
            **{key: self._settings[key] for key in ("host", "port", "user", "password", "dbname")},
            "connect_timeout": self._settings.get("connect_timeout", 10),
            "application_name": "genie-observability",
            "options": self._options,
        }
        try:
            connection: Connection = self._connect(_connection_text(settings))
        except Exception as error:
            if not _is_database_error(error):
                raise
            raise self._refusal(_first_line(error)) from error
        return connection

    def _refusal(self, reason: str) -> WarehouseError:
        """Say why no connection was had, and how to mend it."""
        reason = reason.rsplit(" failed: ", 1)[-1].removeprefix("FATAL:").strip()
        if re.search(r'database ".*" does not exist', reason):
            return WarehouseMissingError(
                f"Postgres at {self._name}: {reason}: create it with createdb"
            )
        if "authentication failed" in reason or "no password supplied" in reason:
            return WarehouseError(
                f"Postgres at {self._name}: {reason}: check GENIE_PG_USER and GENIE_PG_PASSWORD"
            )
        return WarehouseError(
            f"Postgres at {self._name}: {reason}: is it running, and are GENIE_PG_HOST and"
            " GENIE_PG_PORT right?"
        )

    def _told(self, error: Exception) -> WarehouseError:
        """Return the error of ours for one that the database raised."""
        state = getattr(error, "sqlstate", None)
        reason = _first_line(error)
        if state in _UNDEFINED:
            return WarehouseMissingError(
                f"Postgres at {self._name} lacks a table or column: run `make build` first"
                f" ({reason})"
            )
        if state == _LOCK_TIMEOUT:
            return WarehouseLockedError(
                f"Postgres at {self._name}: {reason}: another session holds it; end that, or give"
                " --lock-timeout"
            )
        if state == _NO_RIGHT:
            return WarehouseError(
                f"Postgres at {self._name}: {reason}: user {self._settings['user']} needs CREATE"
                " on the database and must own our schemas"
            )
        if state == _DISK_FULL:
            return WarehouseError(
                f"Postgres at {self._name}: the server's disk is full, nothing of this batch was"
                f" stored ({reason})"
            )
        return WarehouseError(f"Postgres at {self._name}: {reason}")


class PostgresTransaction:
    """Changes on an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, table: Table, rows: pa.Table) -> None:
        """Append by column name, by COPY in binary form."""
        # casting to the table's schema refuses missing, surplus and mistyped columns
        checked = rows.select(table.columns.names).cast(table.columns)
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(
                table.name, _naive(checked), mode="append", db_schema_name=table.schema
            )

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        """Append rows and delete those that they replace."""
        replace_rows(self, table, rows, identity)

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query on the open connection."""
        return _query(self._connection, query, parameters)

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement on the open connection."""
        _execute(self._connection, statement, parameters)


def _creation(table: Table) -> Iterator[str]:
    columns = [f"{field.name} {_sql_type(field.type)}" for field in table.columns]
    yield f"create schema if not exists {table.schema}"
    yield f"create table if not exists {table.qualified_name} ({', '.join(columns)})"
    for column in columns:  # a table of an earlier version may lack some
        yield f"alter table {table.qualified_name} add column if not exists {column}"
    # increments look for the newest batches; rows lie in the order of their times
    for received_at in {"fetched_at", "loaded_at"} & set(table.columns.names):
        yield (
            f"create index if not exists {table.name}_{received_at}"
            f" on {table.qualified_name} using brin ({received_at}) with (autosummarize = on)"
        )


def _sql_type(arrow_type: pa.DataType) -> str:
    if pa.types.is_decimal128(arrow_type):
        return f"numeric({arrow_type.precision}, {arrow_type.scale})"
    return _TYPES[arrow_type]


def _naive(rows: pa.Table) -> pa.Table:
    """Drop the zone of UTC times: columns are `timestamp`, as on the other engines."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def _query(connection: Connection, query: str, parameters: Sequence[object]) -> pa.Table:
    with connection.cursor() as cursor:
        _run(cursor, query, parameters)
        return _plain(cursor.fetch_arrow_table())


def _execute(connection: Connection, statement: str, parameters: Sequence[object] = ()) -> None:
    with connection.cursor() as cursor:
        _run(cursor, statement, parameters)


def _run(cursor: Cursor, statement: str, parameters: Sequence[object]) -> None:
    numbers = itertools.count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
    cursor.execute(numbered, tuple(parameters) or None)


def _plain(rows: pa.Table) -> pa.Table:
    """Turn numerics, which the driver gives as text, into decimals (or doubles, if unbounded)."""
    for position, field in enumerate(rows.schema):
        if isinstance(field.type, pa.OpaqueType) and field.type.type_name == "numeric":
            texts = rows.column(position).combine_chunks().storage
            values = texts.cast(_numeric_type(field))
            rows = rows.set_column(position, pa.field(field.name, values.type), values)
    return rows


def _numeric_type(field: pa.Field) -> pa.DataType:
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1")) - _NUMERIC_HEADER
    precision, scale = modifier >> 16, modifier & 0x7FF
    if 0 < precision <= _LONGEST_PRECISION:
        return pa.decimal128(precision, scale)
    return pa.float64()


def _connection_text(settings: Mapping[str, object]) -> str:
    """Return libpq's connection string (its documentation, section "Keyword/Value")."""
    return " ".join(
        f"{key}='" + re.sub(r"(['\\])", r"\\\1", str(value)) + "'"
        for key, value in settings.items()
    )


def _is_database_error(error: Exception) -> bool:
    from adbc_driver_manager import Error

    return isinstance(error, Error)


def _first_line(error: BaseException) -> str:
    """Return what the database said, without the driver's preface and the text of the query."""
    line = str(error).split("\n", 1)[0]
    return re.sub(r"^[A-Z_]+: (?:\[libpq\] )?(?:Failed to [a-z ]+: )?(?:ERROR:\s*)?", "", line)
