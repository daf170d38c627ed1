"""Dates and amounts as banks write them. What is raised holds no value: they are personal data."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

MONTH_FIRST, DAY_FIRST = "us", "eu"
DATE_FORMATS = (MONTH_FIRST, DAY_FIRST)

_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?")
_NUMBERED = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_CENTURY = 2000

_MINUS = dict.fromkeys("\u2212\u2013\u2014\ufe63\uff0d", "-")
_LEFT_OUT = dict.fromkeys(" \t\u00a0\u2009\u202f'\u2019$\u20ac\u00a3\u00a5", "")
_AMOUNT_CHARACTERS = str.maketrans(_MINUS | _LEFT_OUT)
_PLAIN = re.compile(r"[-+]?\d+(?:\.\d*)?|[-+]?\.\d+")
# groups of three digits; with another mark behind them, or none
_COMMA_GROUPS = re.compile(r"([-+]?\d{1,3}(?:,\d{3})+)(\.\d*)?")
_POINT_GROUPS = re.compile(r"([-+]?\d{1,3}(?:\.\d{3})+)(,\d*)|([-+]?\d{1,3}(?:\.\d{3}){2,})")
_COMMA_DECIMAL = re.compile(r"[-+]?\d*,\d{1,2}")
_CENT = Decimal("0.01")
_TOO_MUCH = Decimal(10) ** 16


class BadValueError(Exception):
    """A value that cannot be read; the text says which and why, without it."""


class DayFirstError(Exception):
    """A date that is one only with its day first, where nobody said so: others may be misread."""


class DateReader:
    """Reads dates: ISO, day first with points, else month first unless it is said otherwise."""

    def __init__(self, date_format: str | None) -> None:
        self._format = date_format
        self._known: dict[str, date] = {}  # a statement has few of them

    def read(self, text: str) -> date:
        """Return a date.

        Raises:
            BadValueError: the text is none.
            DayFirstError: it is one, but contradicts what is assumed.
        """
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._read(text)
        return known

    def _read(self, text: str) -> date:
        if not text:
            raise BadValueError("no date")
        iso = _ISO.fullmatch(text)
        if iso:
            return _date(*(int(part) for part in iso.groups()))
        numbered = _NUMBERED.fullmatch(text)
        if not numbered:
            raise BadValueError("date is none: 2025-11-30 or 11/30/2025 are")
        first, mark, second, year = numbered.groups()
        day, month, full_year = int(first), int(second), int(year)
        full_year += 0 if len(year) > len("99") else _CENTURY
        is_day_first = self._format == DAY_FIRST or (self._format is None and mark == ".")
        if not is_day_first:
            day, month = month, day
            if self._format is None and day <= 12 < month <= 31:  # noqa: PLR2004 - of a calendar
                raise DayFirstError(
                    "dates have their day first: give --date-format eu (or us, if this line is"
                    " wrong)"
                )
        return _date(full_year, month, day)


def _date(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise BadValueError("date is not in the calendar") from None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise BadValueError("date is in another century")
    return found


def parse_amount(text: str, name: str = "amount") -> Decimal:
    """Return an amount, to the cent.

    A minus may be a sign of any length, before or behind, or parentheses; thousands may be in
    groups, and the decimal mark a comma. What has a comma and three digits behind it is thousands.

    Args:
        text: As in the file.
        name: Of the column, for the error.

    Raises:
        BadValueError: the text is no amount.
    """
    cleaned = text.translate(_AMOUNT_CHARACTERS)
    if not cleaned:
        raise BadValueError(f"no {name}")
    is_negative = cleaned.startswith("(") and cleaned.endswith(")")
    if is_negative:
        cleaned = cleaned[1:-1]
    if cleaned.endswith("-"):
        is_negative, cleaned = True, cleaned[:-1]
    amount = Decimal(_plain(cleaned, name))
    if abs(amount) >= _TOO_MUCH:
        raise BadValueError(f"{name} has more than 16 digits")
    rounded = amount.quantize(_CENT) + 0  # no minus before zero
    if rounded != amount:
        raise BadValueError(f"{name} has more than two decimals")
    return -abs(rounded) if is_negative else rounded


def _plain(text: str, name: str) -> str:
    """Return a number as Python writes it."""
    if _PLAIN.fullmatch(text):
        return text
    groups = _COMMA_GROUPS.fullmatch(text)
    if groups:
        return text.replace(",", "")
    if _POINT_GROUPS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _COMMA_DECIMAL.fullmatch(text):
        return text.replace(",", ".")
    raise BadValueError(f"{name} is no number")
