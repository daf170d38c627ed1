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
    """Changes that become visible together, or not at all."""

    def append(self, table: Table, rows: pa.Table) -> None:
        """Append rows whose schema is the table's."""

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query inside the transaction, with `?` for parameters."""

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run one statement inside the transaction, with `?` for parameters and nowhere else."""


class Warehouse(Protocol):
    """A database that dbt builds in."""

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create the database, the schemas, and the tables and columns that are absent."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction: committed at the end of the block, rolled back on any exception."""

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query, with `?` for parameters.

        Raises:
            WarehouseMissingError: the database, a schema, a table or a view is absent.
            WarehouseLockedError: another process held the database too long.
        """
