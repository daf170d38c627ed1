"""Lands bank exports in the ledger: each file whole or not at all, each transaction once.

A transaction is known by its account, date, amount and description, and by how many equal lines
stand before it in its file. So exports that overlap name it alike, and what is landed is not landed
again; two coffees of one day are two. A category is a label that was there at the transaction.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.bank_exports import BankLine, ExportFormat, RejectedLine, read_export
from ingest.console import Reporter
from ingest.errors import BadFileError
from ingest.files import content_digest
from ingest.privacy import Privacy
from ingest.recording import RunCounts, new_id, recorded_run, utc_now
from ingest.rows import stamped
from ingest.text import storable
from warehouse import Table, Transaction, Warehouse
from warehouse.landing import ALL_TABLES, LOADED_FILES
from warehouse.ledger import REJECTED_LINES, TRANSACTION_LABELS, TRANSACTIONS

Row = Mapping[str, Any]

SUFFIXES = frozenset({".csv", ".tsv", ".txt"})

_BATCH_LINES = 20_000
_SHOWN = 20  # rejected lines of a file that are told one by one
_KEY_BYTES = 8


@dataclass(frozen=True, slots=True)
class Import:
    """How files become rows.

    Attributes:
        form: What their headers do not tell.
        currency: Of all amounts, ISO 4217.
        privacy: Applied before anything is stored.
    """

    form: ExportFormat
    currency: str
    privacy: Privacy

    def fingerprint(self, digest: str) -> str:
        """Return what a file is known by: the digest of its content, and how it is read."""
        form = self.form
        read_as = (form.account, form.shape, form.date_format, form.encoding, self.currency)
        return hashlib.sha256(f"{digest} {read_as}".encode()).hexdigest()


@dataclass(slots=True)
class LandedExport:
    """What became of a file.

    Attributes:
        path: The file.
        was_loaded: It had been loaded before; then there is nothing else to tell.
        lines: Transactions in it.
        transactions: Those that are new.
        labels: Labels that are new.
        rejected: Lines that could not be read.
        problems: The first of these: number and reason.
    """

    path: Path
    was_loaded: bool = False
    lines: int = 0
    transactions: int = 0
    labels: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)


def land_exports(
    warehouse: Warehouse, files: Iterable[Path], how: Import
) -> Iterator[LandedExport]:
    """Land files, one transaction each.

    Raises:
        BadFileError: a file is no export of a known shape; files before it stay landed, nothing of
            it is.
    """
    warehouse.create_tables(ALL_TABLES)
    with recorded_run(warehouse, "ledger") as counts:
        for path in files:
            yield _land_file(warehouse, path, how, counts)


def tell_export(reporter: Reporter, landed: LandedExport) -> int:
    """Say what became of a file, and return how many lines of it were rejected."""
    if landed.was_loaded:
        reporter.say(f"{landed.path}: loaded before, skipped", rows=0)
        return 0
    for problem in landed.problems:
        reporter.warn(f"{landed.path}:{problem}")
    hidden = landed.rejected - len(landed.problems)
    if hidden:
        reporter.warn(f"{landed.path}: {hidden} more; ledger.rejected_lines has them all")
    reporter.say(
        f"{landed.path}: {landed.transactions} transactions and {landed.labels} labels landed,"
        f" {landed.lines - landed.transactions} known before, {landed.rejected} lines rejected",
        rows=landed.transactions,
        labels=landed.labels,
        failed=landed.rejected,
    )
    return landed.rejected


def _land_file(warehouse: Warehouse, path: Path, how: Import, counts: RunCounts) -> LandedExport:
    digest = content_digest(path)
    fingerprint = how.fingerprint(digest)
    with warehouse.transaction() as transaction:
        if _is_loaded(transaction, fingerprint):
            return LandedExport(path, was_loaded=True)
        landed = _Landing(transaction, path, digest, how).land()
        _note(transaction, fingerprint, landed)
    warehouse.publish()  # the next file may overlap with it
    counts.rows += landed.transactions
    counts.failed += landed.rejected
    return landed


class _Known:
    """What earlier files brought of some days.

    Attributes:
        transactions: Their ids.
        labels: What their category was last, by label id.
    """

    def __init__(self, transaction: Transaction, batch_id: object) -> None:
        self._transaction = transaction
        self._batch_id = batch_id
        self._days: tuple[date, date] | None = None
        self.transactions: frozenset[str] = frozenset()
        self.labels: dict[str, str] = {}

    def read(self, first: date, last: date) -> None:
        """Read what there is of the days from the first to the last, unless that is here."""
        if self._days is not None and self._days[0] <= first and last <= self._days[1]:
            return
        self._days = (first, last)
        days = [datetime.combine(day, time()) for day in self._days]
        ids = self._transaction.read(
            f"select transaction_id from {TRANSACTIONS.qualified_name}"  # noqa: S608 - a name of ours
            " where batch_id <> ? and transacted_at >= ? and transacted_at <= ?",
            [self._batch_id, *days],
        )
        self.transactions = frozenset(ids["transaction_id"].to_pylist())
        labels = self._transaction.read(
            f"select label_id, label from {TRANSACTION_LABELS.qualified_name}"  # noqa: S608 - a name of ours
            " where batch_id <> ? and label_source = 'import'"
            " and observed_at >= ? and observed_at <= ?"
            " order by loaded_at, batch_id",
            [self._batch_id, *days],
        )
        self.labels = dict(zip(*(column.to_pylist() for column in labels.columns), strict=True))


class _Landing:
    """Lands one file in a transaction."""

    def __init__(self, transaction: Transaction, path: Path, digest: str, how: Import) -> None:
        now = utc_now()
        self._transaction = transaction
        self._how = how
        self._stamp = {"loaded_at": now, "batch_id": new_id(now)}
        self._file = {"file_name": path.name, "sha256": digest}
        self._known = _Known(transaction, self._stamp["batch_id"])
        self._equal: dict[int, int] = {}
        self._landed = LandedExport(path)

    def land(self) -> LandedExport:
        lines = read_export(self._landed.path, self._how.form)
        while batch := list(islice(lines, _BATCH_LINES)):
            self._append([line for line in batch if isinstance(line, BankLine)])
            self._reject([line for line in batch if isinstance(line, RejectedLine)])
        landed = self._landed
        if landed.rejected and not landed.lines:
            raise BadFileError(
                f"{landed.path}:{landed.problems[0]}: as little can be read of its other lines,"
                f" {landed.rejected} in all"
            )
        return landed

    def _append(self, lines: list[BankLine]) -> None:
        if not lines:
            return
        self._known.read(min(line.day for line in lines), max(line.day for line in lines))
        rows = [self._transaction_row(line) for line in lines]
        labels = [
            self._label_row(line, row["transaction_id"])
            for line, row in zip(lines, rows, strict=True)
            if line.category
        ]
        rows = [
            self._how.privacy.transaction(row)
            for row in rows
            if row["transaction_id"] not in self._known.transactions
        ]
        labels = [row for row in labels if self._known.labels.get(row["label_id"]) != row["label"]]
        self._land(TRANSACTIONS, rows)
        self._land(TRANSACTION_LABELS, labels)
        self._landed.lines += len(lines)
        self._landed.transactions += len(rows)
        self._landed.labels += len(labels)

    def _reject(self, lines: list[RejectedLine]) -> None:
        rows = [
            {
                **self._file,
                "line_number": line.line_number,
                "line": self._how.privacy.bank_text(storable(line.text)),
                "reason": line.reason,
            }
            for line in lines
        ]
        self._land(REJECTED_LINES, rows)
        self._landed.rejected += len(lines)
        shown = lines[: _SHOWN - len(self._landed.problems)]
        self._landed.problems += [f"{line.line_number}: {line.reason}" for line in shown]

    def _land(self, table: Table, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = pa.schema([one for one in table.columns if one.name not in self._stamp])
        found = pa.Table.from_pylist(rows, schema=columns)
        self._transaction.append(table, stamped(found, table, self._stamp))

    def _transaction_row(self, line: BankLine) -> Row:
        return {
            "transaction_id": self._transaction_id(line),
            "account_id": storable(line.account),
            "transacted_at": _midnight(line),
            "amount": line.amount,
            "currency": self._how.currency,
            "description": storable(line.description),
            "merchant": None if line.merchant is None else storable(line.merchant),
            "source": "import",
            "is_deleted": False,
        }

    def _label_row(self, line: BankLine, transaction_id: str) -> Row:
        return {
            "label_id": f"{transaction_id}-import",
            "transaction_id": transaction_id,
            "label": storable(line.category or ""),
            "label_source": "import",
            "observed_at": _midnight(line),
            "is_deleted": False,
        }

    def _transaction_id(self, line: BankLine) -> str:
        text = "\x1f".join(
            (line.account, line.day.isoformat(), str(line.amount), _normalised(line.description))
        )
        # a part of a digest, as a number: files may have millions of lines
        digest = hashlib.blake2b(storable(text).encode(), digest_size=_KEY_BYTES).digest()
        key = int.from_bytes(digest)
        number = self._equal[key] = self._equal.get(key, 0) + 1
        return self._how.privacy.digest(storable(f"{text}\x1f{number}"))


def _midnight(line: BankLine) -> datetime:
    return datetime.combine(line.day, time(), UTC)


def _normalised(description: str) -> str:
    """Return a description without what re-exports change: case, width and number of spaces."""
    if not description.isascii():
        description = unicodedata.normalize("NFKC", description)
    return " ".join(description.casefold().split())


def _is_loaded(transaction: Transaction, fingerprint: str) -> bool:
    found = transaction.read(
        f"select 1 from {LOADED_FILES.qualified_name} where table_name = ? and sha256 = ?",  # noqa: S608 - a name of ours
        [TRANSACTIONS.name, fingerprint],
    )
    return bool(found.num_rows)


def _note(transaction: Transaction, fingerprint: str, landed: LandedExport) -> None:
    now = utc_now()
    row = {
        "table_name": TRANSACTIONS.name,
        "file_name": landed.path.name,
        "sha256": fingerprint,
        "row_count": landed.transactions,
        "fetched_at": now,
        "batch_id": new_id(now),
    }
    transaction.append(LOADED_FILES, pa.Table.from_pylist([row], schema=LOADED_FILES.columns))
