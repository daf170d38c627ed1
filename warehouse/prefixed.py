"""Another person's or CI's schemas in one database: each name of ours with a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from warehouse.base import Table, Transaction, Warehouse

_OURS = re.compile(
    r"\b(?=(?:genie_(?:raw|bronze|silver|analytics)|ledger|ml_(?:staging|training))\.)"
)


class PrefixedWarehouse(Warehouse):
    """A warehouse whose schemas have a prefix: the dbt var schema_prefix, a catalog, or both.

    Queries name schemas as in design; texts and values go in by `?`, so no literal is changed.
    """

    def __init__(self, warehouse: Warehouse, prefix: str) -> None:
        """Put the prefix before the schemas of a warehouse."""
        self._warehouse = warehouse
        self._prefix = prefix

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create what is absent, under the prefix."""
        self._warehouse.create_tables([_prefixed(table, self._prefix) for table in tables])

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction of the warehouse."""
        with self._warehouse.transaction() as transaction:
            yield _PrefixedTransaction(transaction, self._prefix)

    def publish(self) -> None:
        """Publish what the warehouse has."""
        self._warehouse.publish()

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query on the schemas with the prefix."""
        return self._warehouse.read(_OURS.sub(self._prefix, query), parameters)


class _PrefixedTransaction(Transaction):
    def __init__(self, transaction: Transaction, prefix: str) -> None:
        self._transaction = transaction
        self._prefix = prefix

    def append(self, table: Table, rows: pa.Table) -> None:
        self._transaction.append(_prefixed(table, self._prefix), rows)

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        self._transaction.replace(_prefixed(table, self._prefix), rows, identity)

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        return self._transaction.read(_OURS.sub(self._prefix, query), parameters)

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        self._transaction.execute(_OURS.sub(self._prefix, statement), parameters)


def _prefixed(table: Table, prefix: str) -> Table:
    return replace(table, schema=f"{prefix}{table.schema}")
