"""Catalog, schemas, volumes, landing and ledger tables: what is absent, and how to drop it all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provision import texts
from provision.changes import Change, by_sql
from provision.names import Place, text
from provision.statements import Row, Statements
from warehouse import Table
from warehouse.landing import ALL_TABLES


@dataclass(frozen=True, slots=True)
class Found:
    """A schema of ours that is there, and the number of its tables and views."""

    schema: str
    tables: int


def plan_schema(statements: Statements, place: Place) -> Iterator[Change]:
    """Yield what is absent, in the order in which it can be made.

    Raises:
        SetupError: what is there cannot be read.
    """
    schemas = _schemas(statements, place)
    if schemas is None:
        yield by_sql(
            statements,
            f"create catalog {place.catalog}",
            texts.create_catalog(place),
            "have a metastore admin create it, or name another one by --catalog",
        )
    for schema in place.schemas:
        if schema not in (schemas or ()):
            yield by_sql(
                statements,
                f"create schema {place.catalog}.{schema}",
                texts.create_schema(place, schema),
                f"you need CREATE SCHEMA on catalog {place.catalog}",
            )
    yield from _plan_volumes(statements, place, is_there=place.landing in (schemas or ()))
    columns = _columns(statements, place) if schemas else {}
    for table in ALL_TABLES:
        yield from _plan_table(statements, place, table, columns.get(place.names(table)))


def find_schemas(statements: Statements, place: Place) -> list[Found]:
    """Return the schemas of ours that are there, in the order in which to drop them.

    Raises:
        SetupError: what is there cannot be read.
    """
    schemas = _schemas(statements, place) or set()
    return [
        Found(schema, len(statements.run(f"SHOW TABLES IN {place.path(schema)}")))
        for schema in reversed(place.schemas)
        if schema in schemas
    ]


def plan_drop(statements: Statements, place: Place, found: Found) -> Change:
    """Return the change that drops a schema with all that is in it."""
    return by_sql(
        statements,
        f"drop schema {place.catalog}.{found.schema} with {found.tables} tables and views",
        texts.drop_schema(place, found.schema),
        "its owner, or who has MANAGE on it, may drop it",
    )


def _plan_volumes(statements: Statements, place: Place, *, is_there: bool) -> Iterator[Change]:
    volumes: set[str] = set()
    if is_there:
        found = statements.run(f"SHOW VOLUMES IN {place.path(place.landing)}")
        volumes = {str(row["volume_name"]).lower() for row in found}
    path = f"{place.catalog}.{place.landing}"
    for volume in texts.VOLUMES:
        if volume not in volumes:
            statement = texts.create_volume(place, volume)
            yield by_sql(statements, f"create volume {path}.{volume}", statement)


def _plan_table(
    statements: Statements, place: Place, table: Table, columns: set[str] | None
) -> Iterator[Change]:
    path = ".".join((place.catalog, *place.names(table)))
    if columns is None:
        yield by_sql(statements, f"create table {path}", texts.create_table(place, table))
        return
    absent = [name for name in table.columns.names if name not in columns]
    if absent:
        told = f"add columns to {path}: {', '.join(absent)}"
        yield by_sql(statements, told, texts.add_columns(place, table, absent))


def _schemas(statements: Statements, place: Place) -> set[str] | None:
    """Return the names of the catalog's schemas; None if it is absent, or hidden from us."""
    catalogs = _first_column(statements.run("SHOW CATALOGS"))
    if place.catalog.lower() not in catalogs:
        return None
    return _first_column(statements.run(f"SHOW SCHEMAS IN {place.path()}"))


def _first_column(rows: list[Row]) -> set[str]:
    return {str(next(iter(row.values()))).lower() for row in rows}


def _columns(statements: Statements, place: Place) -> dict[tuple[str, str], set[str]]:
    """Return the columns of the tables of ours that are there, by schema and name."""
    columns: dict[tuple[str, str], set[str]] = {}
    for schema in sorted({place.names(table)[0] for table in ALL_TABLES}):
        found = statements.run(
            f"SELECT table_name, column_name FROM {place.path('information_schema', 'columns')}"  # noqa: S608 - names are checked
            f" WHERE table_schema = {text(schema)}"
        )
        for row in found:
            key = (schema, str(row["table_name"]))
            columns.setdefault(key, set()).add(str(row["column_name"]))
    return columns
