"""The system tables of an account in memory, and Databricks SQL on them.

A statement is parsed as Databricks' SQL and run as DuckDB's (sqlglot).
"""

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import sqlglot
import sqlglot.errors
from sqlglot import exp

from demo.system_schemas import TABLES

Json = dict[str, Any]
Rows = Callable[[], Iterable[Json]]

_BATCH_ROWS = 20_000
# what DuckDB calls a type, and what Databricks' API does: type_name and the start of type_text
_TYPE_NAMES = {
    "varchar": ("STRING", "STRING"),
    "bigint": ("LONG", "BIGINT"),
    "hugeint": ("DECIMAL", "DECIMAL(38,0)"),
    "integer": ("INT", "INT"),
    "tinyint": ("BYTE", "TINYINT"),
    "boolean": ("BOOLEAN", "BOOLEAN"),
    "date": ("DATE", "DATE"),
    "timestamp": ("TIMESTAMP", "TIMESTAMP"),
    "timestamp with time zone": ("TIMESTAMP", "TIMESTAMP"),
    "decimal": ("DECIMAL", "DECIMAL"),
    "double": ("DOUBLE", "DOUBLE"),
    "struct": ("STRUCT", "STRUCT"),
    "map": ("MAP", "MAP"),
    "list": ("ARRAY", "ARRAY"),
}


class SqlError(Exception):
    """A statement that the warehouse took and could not run; `sql_state` may be empty."""

    def __init__(self, message: str, sql_state: str = "") -> None:
        super().__init__(message)
        self.sql_state = sql_state


class Result(NamedTuple):
    """What a statement gave: columns as (name, type_name, type_text), cells as the API has them."""

    columns: list[tuple[str, str, str]]
    rows: list[tuple[str | None, ...]]


class SystemTables:
    """The tables, filled when the first statement comes; safe for threads."""

    def __init__(self, sources: Mapping[str, Rows], news: Mapping[str, tuple[str, Rows]]) -> None:
        """Take where rows come from.

        Args:
            sources: By table, a function that yields its rows; called once.
            news: By table, the name of a key and a function that yields rows anew at each call;
                those with a key not seen before are added.
        """
        self._sources = sources
        self._news = news
        self._seen: dict[str, set[str]] = {table: set() for table in news}
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    def add(self, table: str, rows: Iterable[Json]) -> None:
        """Put more rows into a table, of whatever age."""
        with self._lock:
            self._append(self._open(), table, rows)

    def put(self, table: str, key: str, rows: Sequence[Json]) -> None:
        """Put rows in the place of those with the same value of a column."""
        with self._lock:
            database = self._open()
            for row in rows:
                database.execute(f"delete from {_place(table)} where {key} = ?", [row[key]])  # noqa: S608 - names of ours
            self._append(database, table, rows)

    def run(
        self,
        text: str,
        parameters: Sequence[Mapping[str, Any]],
        closed: Collection[str],
        absent: Mapping[str, Collection[str]],
    ) -> Result:
        """Run one SELECT of Databricks' SQL.

        Args:
            text: The statement.
            parameters: Of its named markers: name, value and type.
            closed: Schemas and tables that the caller may not read.
            absent: Columns that tables of this account lack, by table.

        Raises:
            SqlError: the statement is wrong, or reads what is not there or not allowed.
        """
        tree = _parsed(text)
        for table in list(tree.find_all(exp.Table)):
            _check(table, closed)
            table.replace(_local(table, absent))
        query = tree.transform(_bound, {one["name"]: one for one in parameters})
        sql = query.transform(_translated).sql(dialect="duckdb")
        with self._lock:
            database = self._open()
            for table_name, (key, rows) in self._news.items():
                self._append(database, table_name, self._unseen(table_name, key, rows()))
            try:
                found = database.sql(sql)
                columns = [
                    (name, *_type_name(kind))
                    for name, kind in zip(found.columns, found.types, strict=True)
                ]
                return Result(columns, [tuple(map(_cell, row)) for row in found.fetchall()])
            except duckdb.Error as error:
                raise _failure(error) from None

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._database is None:
            self._database = duckdb.connect(":memory:")
            self._database.execute("set timezone = 'UTC'")
            for table, schema in TABLES.items():
                place = _place(table)
                self._database.execute(f"create schema if not exists {place.partition('.')[0]}")
                self._database.register("rows", schema.empty_table())
                self._database.execute(f"create table {place} as select * from rows")  # noqa: S608 - a name of ours
                self._database.unregister("rows")
                self._append(self._database, table, self._sources.get(table, list)())
        return self._database

    def _append(
        self, database: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Json]
    ) -> None:
        waiting = iter(rows)
        while batch := list(islice(waiting, _BATCH_ROWS)):
            arrow = pa.Table.from_pylist([_typed(row) for row in batch], schema=TABLES[table])
            database.register("rows", arrow)
            database.execute(f"insert into {_place(table)} select * from rows")  # noqa: S608 - a name of ours
            database.unregister("rows")

    def _unseen(self, table: str, key: str, rows: Iterable[Json]) -> Iterator[Json]:
        seen = self._seen[table]
        for row in rows:
            if row[key] not in seen:
                seen.add(row[key])
                yield row


def _error(condition: str, message: str, sql_state: str) -> SqlError:
    return SqlError(f"[{condition}] {message} SQLSTATE: {sql_state}", sql_state)


def _place(table: str) -> str:
    """Return where a table is; DuckDB keeps the catalog `system` for itself."""
    _, schema, name = table.split(".")
    return f'"{schema}"."{name}"'


def _typed(row: Json) -> Json:
    """Return a row with its times as such: the generators write text."""
    return {name: _typed_value(name, value) for name, value in row.items()}


def _typed_value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name.endswith("_time"):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name.endswith("_date") else value


def _parsed(text: str) -> exp.Expression:
    try:
        trees = sqlglot.parse(text, read="databricks")
    except sqlglot.errors.SqlglotError as error:
        raise _error("PARSE_SYNTAX_ERROR", f"Syntax error: {error}.", "42601") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Select):
        raise _error("PARSE_SYNTAX_ERROR", "Only one SELECT is understood here.", "42601")
    return trees[0]


def _name(table: exp.Table) -> str:
    return ".".join((table.catalog, table.db, table.name)).lower()


def _check(table: exp.Table, closed: Collection[str]) -> None:
    name = _name(table)
    if name not in TABLES:
        quoted = ".".join(f"`{part}`" for part in name.split(".") if part)
        raise _error(
            "TABLE_OR_VIEW_NOT_FOUND",
            f"The table or view {quoted} cannot be found. Verify the spelling and correctness of"
            " the schema and catalog.",
            "42P01",
        )
    schema = name.rpartition(".")[0]
    if schema in closed:
        right = f"USE SCHEMA on Schema '{schema}'"
    elif name in closed:
        right = f"SELECT on Table '{name}'"
    else:
        return
    raise _error(
        "INSUFFICIENT_PERMISSIONS", f"Insufficient privileges: User does not have {right}.", "42501"
    )


def _local(table: exp.Table, absent: Mapping[str, Collection[str]]) -> exp.Expression:
    name = _name(table)
    columns = f" exclude ({', '.join(sorted(absent[name]))})" if absent.get(name) else ""
    query = sqlglot.parse_one(f"select *{columns} from {_place(name)}", read="duckdb")  # noqa: S608 - names of ours
    return exp.Subquery(this=query, alias=exp.to_identifier(table.alias or table.name))


def _bound(node: exp.Expression, parameters: Mapping[str, Mapping[str, Any]]) -> exp.Expression:
    if not isinstance(node, exp.Placeholder):
        return node
    if node.name not in parameters:
        raise _error("UNBOUND_SQL_PARAMETER", f"Found the unbound parameter: {node.name}.", "42P02")
    given = parameters[node.name]
    value = given.get("value")
    literal = exp.null() if value is None else exp.Literal.string(value)
    return exp.cast(literal, exp.DataType.build(given.get("type", "STRING"), dialect="databricks"))


def _translated(node: exp.Expression) -> exp.Expression:
    """Replace the functions that sqlglot leaves as they are."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "timestamp_micros":
        return exp.cast(exp.func("make_timestamp", *node.expressions), "timestamptz")
    if isinstance(node, exp.JSONFormat):
        full = exp.Anonymous(this="to_json", expressions=[node.this])
        if "ignoreNullFields" in node.sql():
            return exp.cast(full, "text")
        # Spark leaves out fields that are null, unless it is told not to
        nothing = exp.Literal.string("{}")
        return exp.cast(exp.Anonymous(this="json_merge_patch", expressions=[nothing, full]), "text")
    return node


def _type_name(kind: Any) -> tuple[str, str]:
    name, text = _TYPE_NAMES.get(kind.id, ("STRING", "STRING"))
    is_nested = kind.id in ("struct", "map", "list", "decimal")
    return name, str(kind) if is_nested else text


def _cell(value: Any) -> str | None:
    """Return a value as JSON_ARRAY has it: text, times in milliseconds."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _failure(error: duckdb.Error) -> SqlError:
    text = str(error).split("\n", 1)[0]
    if isinstance(error, duckdb.BinderException):
        return _error("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", text, "42703")
    return _error("INVALID_STATEMENT", text, "42000")
