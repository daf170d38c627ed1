"""What every engine offers to the other packages, and how it fails.

WarehouseError
├── UnknownTargetError      no such target in the profile, or its engine cannot be opened here
├── WarehouseMissingError   the database or a table of it does not exist yet
└── WarehouseLockedError    another process held the database for longer than the lock time-out
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


class WarehouseError(Exception):
    """A database that cannot be used; the text is one line for the person at the terminal."""


class UnknownTargetError(WarehouseError):
    """The profile has no such target, or the target an engine that is not supported."""


class WarehouseMissingError(WarehouseError):
    """The database or one of its tables does not exist."""


class WarehouseLockedError(WarehouseError):
    """The database stayed locked by another process."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that Python writes: its place and its columns, in order.

    Columns are of the Arrow types string, int64, bool_, float64, date32, decimal128 and
    timestamp("us", "UTC"); nothing nested, nothing else.
    """

    schema: str
    name: str
    columns: pa.Schema

    @property
    def qualified_name(self) -> str:
        """The name to use in SQL; both parts are plain lower-case words."""
        return f"{self.schema}.{self.name}"


class Transaction(Protocol):
    """Changes that become visible together, or not at all.

    On Databricks what is appended waits for `publish`, and each statement is a transaction.
    """

    def append(self, table: Table, rows: pa.Table) -> None:
        """Append rows whose schema is the table's."""

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        """Put rows into the place of those that they agree with in `fetched_at` and `identity`.

        Rows are of one batch, which none of those has; identity columns are texts, null as empty.
        """

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query inside the transaction, with `?` for parameters."""

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run one statement inside the transaction, with `?` for parameters and nowhere else."""


def replace_rows(
    transaction: Transaction, table: Table, rows: pa.Table, identity: Sequence[str]
) -> None:
    """Replace where a transaction sees what it appended: append, then delete the others."""
    if not rows.num_rows:
        return
    transaction.append(table, rows)
    batch_id = rows["batch_id"][0].as_py()
    transaction.execute(
        f"delete from {table.qualified_name} as old"  # noqa: S608 - names of our own tables
        f" where old.batch_id <> ? and exists ("
        f" select 1 from {table.qualified_name} as new"
        f" where new.batch_id = ? and {same_rows(identity)})",
        [batch_id, batch_id],
    )


def same_rows(identity: Sequence[str]) -> str:
    """Return the condition that rows `old` and `new` have the same identity."""
    texts = (f"coalesce(new.{name}, '') = coalesce(old.{name}, '')" for name in identity)
    return " and ".join(("new.fetched_at = old.fetched_at", *texts))


class Warehouse(Protocol):
    """A database that dbt builds in."""

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create the database, the schemas, and the tables and columns that are absent."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction: committed at the end of the block, rolled back on any exception."""

    def publish(self) -> None:
        """Make visible what transactions have appended, where that is a step of its own.

        A run does so at its end, and at its start with what a run that died has left.
        """
        return  # where a commit is enough

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query, with `?` for parameters.

        Raises:
            WarehouseMissingError: the database, a schema, a table or a view is absent.
            WarehouseLockedError: another process held the database too long.
        """
