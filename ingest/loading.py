"""Loads files of system tables: each file whole or not at all, and once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ingest.files import content_digest, read_rows
from ingest.privacy import Privacy
from ingest.recording import RunCounts, new_id, recorded_run, utc_now
from ingest.rows import stamped
from warehouse import Table, Transaction, Warehouse
from warehouse.landing import ALL_TABLES, LOADED_FILES


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What became of a file; `rows` is None where it had been loaded before."""

    path: Path
    rows: int | None


def load_files(
    warehouse: Warehouse, table: Table, files: Iterable[Path], privacy: Privacy
) -> Iterator[LoadedFile]:
    """Load files into a landing table, one transaction per file.

    A file is known by its content, whatever its name.

    Raises:
        BadFileError: a file is malformed; files before it stay loaded, nothing of it does.
    """
    warehouse.create_tables(ALL_TABLES)
    with recorded_run(warehouse, "load-files") as counts:
        for path in files:
            yield _load_file(warehouse, table, path, privacy, counts)


def _load_file(
    warehouse: Warehouse, table: Table, path: Path, privacy: Privacy, counts: RunCounts
) -> LoadedFile:
    digest = content_digest(path)
    with warehouse.transaction() as transaction:
        if _is_loaded(transaction, table, digest):
            return LoadedFile(path, None)
        rows = _append_file(transaction, table, path, digest, privacy)
    counts.rows += rows
    return LoadedFile(path, rows)


def _is_loaded(transaction: Transaction, table: Table, digest: str) -> bool:
    found = transaction.read(
        f"select 1 from {LOADED_FILES.qualified_name} where table_name = ? and sha256 = ?",  # noqa: S608 - a name of ours
        [table.name, digest],
    )
    return bool(found.num_rows)


def _append_file(
    transaction: Transaction, table: Table, path: Path, digest: str, privacy: Privacy
) -> int:
    now = utc_now()
    stamp = {"fetched_at": now, "batch_id": new_id(now)}
    total = 0
    for rows in read_rows(path, table, privacy):
        transaction.append(table, stamped(rows, table, stamp))
        total += rows.num_rows
    file = {"table_name": table.name, "file_name": path.name, "sha256": digest, "row_count": total}
    transaction.append(
        LOADED_FILES, pa.Table.from_pylist([{**file, **stamp}], schema=LOADED_FILES.columns)
    )
    return total
