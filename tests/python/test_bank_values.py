"""Amounts and dates as banks write them."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.bank_values import BadValueError, DateReader, parse_amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.5", "12.50"),
        ("+12", "12.00"),
        (".5", "0.50"),
        ("-0", "0.00"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567.00"),
        ("1.234,56", "1234.56"),
        ("1.234.567", "1234567.00"),
        ("12,5", "12.50"),
        ("1'234.50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("\u221212.50", "-12.50"),
        ("\u201312.50", "-12.50"),
        ("12.50-", "-12.50"),
        ("(12.50)", "-12.50"),
        ("($1,234.56)", "-1234.56"),
        ("-$12.50", "-12.50"),
        ("\u20ac 12,50", "12.50"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_amounts(text: str, amount: str) -> None:
    assert str(parse_amount(text)) == amount


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ", "no amount"),
        ("twelve", "amount is no number"),
        ("1,23,4", "amount is no number"),
        ("--1", "amount is no number"),
        ("1e3", "amount is no number"),
        ("nan", "amount is no number"),
        ("1.234", "amount has more than two decimals"),
        ("10000000000000000", "amount has more than 16 digits"),
    ],
)
def test_what_is_no_amount(text: str, reason: str) -> None:
    with pytest.raises(BadValueError, match=f"^{reason}$"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "date_format", "day"),
    [
        ("2025-11-03", None, date(2025, 11, 3)),
        ("2025-11-03T10:00:00Z", "eu", date(2025, 11, 3)),
        ("2025/1/3", "us", date(2025, 1, 3)),
        ("11/3/2025", None, date(2025, 11, 3)),
        ("11-03-25", None, date(2025, 11, 3)),
        ("3.11.2025", None, date(2025, 11, 3)),
        ("03/11/2025", "eu", date(2025, 11, 3)),
        ("2024-02-29", None, date(2024, 2, 29)),
    ],
)
def test_dates(text: str, date_format: str | None, day: date) -> None:
    assert DateReader(date_format).read(text) == day


@pytest.mark.parametrize(
    ("text", "date_format", "reason"),
    [
        ("", None, "no date"),
        ("tomorrow", None, "date is none"),
        ("2025-02-29", None, "not in the calendar"),
        ("13/13/2025", None, "not in the calendar"),
        ("31/01/2025", "us", "not in the calendar"),
        ("0203-01-01", None, "another century"),
    ],
)
def test_what_is_no_date(text: str, date_format: str | None, reason: str) -> None:
    with pytest.raises(BadValueError, match=reason):
        DateReader(date_format).read(text)
