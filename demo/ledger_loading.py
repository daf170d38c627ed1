"""Loads a simulated ledger into a warehouse: whole or not at all, and once."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from demo.ledger_options import LedgerOptions
from demo.ledger_rows import Rows, ledger_batches
from warehouse import Table, Transaction, Warehouse
from warehouse.landing import ALL_TABLES, LOADED_FILES
from warehouse.ledger import LEDGER_TABLES

_LOADED_AS = "genie-demo load-ledger"
_CENT = Decimal("0.01")


def load_ledger(warehouse: Warehouse, options: LedgerOptions) -> dict[str, int] | None:
    """Load a ledger in one transaction; memory holds a batch.

    Returns:
        The rows appended, by table; None if this ledger was loaded before.

    Raises:
        WarehouseError: it cannot be stored; nothing of it is.
    """
    warehouse.create_tables(ALL_TABLES)
    warehouse.publish()  # what a run that died has left
    appended = dict.fromkeys((table.name for table in LEDGER_TABLES), 0)
    with warehouse.transaction() as transaction:
        if _is_loaded(transaction, options):
            return None
        for rows in ledger_batches(options):
            _append(transaction, rows, options.key)
            for name in rows:
                appended[name] += len(rows[name])
        _note(transaction, options, sum(appended.values()))
    warehouse.publish()
    return appended


def ledger_table(table: Table, rows: list[tuple[Any, ...]], key: str, now: datetime) -> pa.Table:
    """Return rows as the table has them, received now."""
    columns = list(zip(*rows, strict=True))
    arrays = [
        _array(values, field.type)
        for values, field in zip(columns, list(table.columns)[: len(columns)], strict=True)
    ]
    batch_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{key}"
    stamps = [
        pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), len(rows)),
        pa.repeat(pa.scalar(batch_id, pa.string()), len(rows)),
    ]
    return pa.Table.from_arrays([*arrays, *stamps], schema=table.columns)


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        return pa.array([value * _CENT for value in values], kind)
    return pa.array(values, kind)


def _append(transaction: Transaction, rows: Rows, key: str) -> None:
    now = datetime.now(UTC)  # of each batch anew: what corrects another has to come later
    for table in LEDGER_TABLES:
        if rows.get(table.name):
            transaction.append(table, ledger_table(table, rows[table.name], key, now))


def _is_loaded(transaction: Transaction, options: LedgerOptions) -> bool:
    found = transaction.read(
        f"select 1 from {LOADED_FILES.qualified_name} where file_name = ? and sha256 = ?",  # noqa: S608 - a name of ours
        [_LOADED_AS, options.key],
    )
    return bool(found.num_rows)


def _note(transaction: Transaction, options: LedgerOptions, row_count: int) -> None:
    now = datetime.now(UTC)
    row = {
        "table_name": LEDGER_TABLES[0].schema,
        "file_name": _LOADED_AS,
        "sha256": options.key,
        "row_count": row_count,
        "fetched_at": now,
        "batch_id": f"{now:%Y%m%dT%H%M%S.%fZ}-{options.key}",
    }
    transaction.append(LOADED_FILES, pa.Table.from_pylist([row], schema=LOADED_FILES.columns))
