"""Reads bank statements as banks export them: delimited text whose header tells its shape.

Delimiters are commas, semicolons or tabs. Blank lines and headers that come again are no lines.
A line that cannot be read is given back as it came, with a reason that holds none of its values.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

from ingest.bank_values import BadValueError, DateReader, DayFirstError, parse_amount
from ingest.errors import BadFileError

# by name: the columns of a header; case, order, spaces and underscores of it do not matter
SHAPES: dict[str, tuple[str, ...]] = {
    "plain": ("date", "description", "amount"),
    "merchant": ("date", "merchant", "description", "amount", "category"),
    "account": ("date", "amount", "description", "merchant", "account", "category"),
    "debit-credit": ("date", "description", "debit", "credit", "balance"),
    "posted-effective": (
        *("posted date", "effective date", "description", "amount", "type", "balance"),
    ),
    "canonical-merchant": (
        *("date", "description", "comments", "check number", "amount", "balance"),
        *("merchant canonical", "category", "category slug"),
    ),
}

_DELIMITERS = (",", ";", "\t")
_BLANK = " ,;\t"
_MOST_LINES_OF_A_FIELD = 10


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """What a header does not tell.

    Attributes:
        account: Of lines that name none.
        shape: Name of the shape whose columns are there, in its order, under other names.
        date_format: One of `bank_values.DATE_FORMATS`; None where dates speak for themselves.
        encoding: Of the text.

    Raises:
        BadFileError: there is no such encoding.
    """

    account: str = "default"
    shape: str | None = None
    date_format: str | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise BadFileError(f"no such encoding: {self.encoding}") from None


@dataclass(frozen=True, slots=True)
class BankLine:
    """A transaction as the bank tells it.

    Attributes:
        line_number: Where it is in the file, from 1.
        account: Of its column, or the one that was named.
        day: The effective date, or if there is none that of posting or the only one.
        amount: Negative where it leaves the account.
        description: The bank's text.
        merchant: The bank's, if there is a column of them and it is not empty.
        category: The same.
    """

    line_number: int
    account: str
    day: date
    amount: Decimal
    description: str
    merchant: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that cannot be read, as it came, and why."""

    line_number: int
    text: str
    reason: str


def read_export(path: Path, form: ExportFormat) -> Iterator[BankLine | RejectedLine]:
    """Yield the lines of an export; memory holds a few.

    Raises:
        BadFileError: the header is of no known shape, or the file is not text in the encoding.
    """
    # UTF-8 may begin with a mark of its byte order
    encoding = "utf-8-sig" if codecs.lookup(form.encoding).name == "utf-8" else form.encoding
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield from _read(path, _Lines(file), form)
    except UnicodeError:
        raise BadFileError(
            f"{path}: not {form.encoding} text: give --encoding, such as cp1252 or utf-16"
        ) from None
    except OSError as error:
        raise BadFileError(f"{path}: cannot be read ({error.strerror})") from error


def _read(path: Path, lines: _Lines, form: ExportFormat) -> Iterator[BankLine | RejectedLine]:
    header = next((line for line in lines if line.strip(_BLANK)), None)
    if header is None:
        raise BadFileError(f"{path}: empty, without a header")
    delimiter = max(_DELIMITERS, key=lambda one: len(_cells(header, one)))
    names = _column_names(f"{path}:{lines.number}", _cells(header, delimiter), form.shape)
    reader = _LineReader(names, form)
    for line in lines:
        number = lines.number
        if line == header or not line.strip(_BLANK):
            continue
        text, cells = _record(line, lines, delimiter, len(names))
        try:
            yield reader.read(number, cells)
        except BadValueError as error:
            yield RejectedLine(number, text, str(error))
        except DayFirstError as error:
            raise BadFileError(f"{path}:{number}: {error}") from None


class _Lines:
    """Physical lines without their ends; some can be looked at ahead."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.number += 1
        return line.rstrip("\r\n")

    def ahead(self, count: int) -> list[str]:
        self._ahead.extend(islice(self._lines, max(0, count - len(self._ahead))))
        return [line.rstrip("\r\n") for line in islice(self._ahead, count)]


def _record(line: str, lines: _Lines, delimiter: str, width: int) -> tuple[str, list[str]]:
    """Return the text and the cells of a record; a field in quotes may go over several lines.

    A quote that nobody closes takes no more than its own line with it.
    """
    if _is_closed(line, delimiter):
        return line, _cells(line, delimiter)
    text = line
    for count, following in enumerate(lines.ahead(_MOST_LINES_OF_A_FIELD), start=1):
        if _is_closed(following, delimiter) and len(_cells(following, delimiter)) == width:
            break  # a line of its own
        text = f"{text}\n{following}"
        if _is_closed(text, delimiter):
            cells = _cells(text, delimiter)
            if len(cells) != width:
                break
            for _ in range(count):
                next(lines)
            return text, cells
    return line, _cells(line, delimiter)


def _is_closed(text: str, delimiter: str) -> bool:
    if '"' not in text:
        return True
    try:
        next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" not in str(error)
    return True


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
    except csv.Error:  # a field of more than csv's limit
        return []


def _column_names(place: str, header: Sequence[str], shape: str | None) -> tuple[str, ...]:
    """Return what the columns are called in the shape that a header is of.

    Raises:
        BadFileError: it is of none; the text lists those that are known.
    """
    if shape is not None:
        names = SHAPES[shape]
        if len(header) != len(names):
            raise BadFileError(
                f"{place}: {len(header)} columns, and shape {shape} has {len(names)}:"
                f" {', '.join(names)}"
            )
        return names
    found = tuple(" ".join(name.lower().replace("_", " ").split()) for name in header)
    if not any(sorted(found) == sorted(names) for names in SHAPES.values()):
        known = "; ".join(f"{name} ({', '.join(names)})" for name, names in SHAPES.items())
        raise BadFileError(
            f"{place}: the header is of no known shape: name one by --shape if its columns are"
            f" there, in its order; known are {known}"
        )
    return found


class _LineReader:
    """Makes transactions of cells."""

    def __init__(self, names: tuple[str, ...], form: ExportFormat) -> None:
        self._names = names
        self._account = form.account
        self._dates = DateReader(form.date_format)

    def read(self, line_number: int, cells: list[str]) -> BankLine:
        """Return the transaction of a line.

        Raises:
            BadValueError: it has none.
            DayFirstError: dates are not as assumed.
        """
        while len(cells) > len(self._names) and not cells[-1]:
            cells.pop()
        if len(cells) != len(self._names):
            raise BadValueError(f"{len(cells)} columns instead of {len(self._names)}")
        row = dict(zip(self._names, cells, strict=True))
        return BankLine(
            line_number=line_number,
            account=row.get("account") or self._account,
            day=self._dates.read(
                row.get("effective date") or row.get("posted date") or row.get("date", "")
            ),
            amount=_amount(row),
            description=row["description"],
            merchant=row.get("merchant") or row.get("merchant canonical") or None,
            category=row.get("category") or None,
        )


def _amount(row: dict[str, str]) -> Decimal:
    """Return the amount with its sign, from one column, two, or one and the kind beside it."""
    if "amount" not in row:
        return _of_two_columns(row["debit"], row["credit"])
    amount = parse_amount(row["amount"])
    kind = row.get("type", "").lower()
    if kind == "debit":
        return -abs(amount)
    return abs(amount) if kind == "credit" else amount


def _of_two_columns(debit: str, credit: str) -> Decimal:
    out = abs(parse_amount(debit, "debit")) if debit else None
    into = abs(parse_amount(credit, "credit")) if credit else None
    if out and into:
        raise BadValueError("both debit and credit")
    if out is None and into is None:
        raise BadValueError("neither debit nor credit")
    return -out if out else (into or Decimal("0.00"))
