"""Rows of system tables on their way to landing, whatever brought them: a file or a statement."""

from __future__ import annotations

import hashlib
import reprlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from ingest.text import canonical_json, storable
from warehouse import Table
from warehouse.landing import AUDIT

Row = dict[str, Any]

_STAMPS = ("fetched_at", "batch_id")
_SECONDS_BELOW = 100_000_000_000  # an epoch below 1e11 can only be seconds

_REQUIRED = {
    "audit": ("event_time", "service_name", "action_name"),
    "workspaces": ("workspace_id",),
    "query_history": ("workspace_id", "statement_id"),
    "warehouse_hours": ("workspace_id", "warehouse_id", "hour_start"),
    "billing_usage": ("record_id", "usage_start_time"),
    "list_prices": ("sku_name", "price_start_time"),
}


class BadRowError(Exception):
    """A row that its landing table cannot hold; the text names the column and what is wrong."""


def received_columns(table: Table) -> pa.Schema:
    """Return the columns of a landing table that its source has."""
    return pa.schema([field for field in table.columns if field.name not in _STAMPS])


def stamped(rows: pa.Table, table: Table, stamp: Mapping[str, object]) -> pa.Table:
    """Return rows of received_columns with the same fetched_at and batch_id each."""
    for name, value in stamp.items():
        kind = table.columns.field(name).type
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, kind), rows.num_rows))
    return rows


def missing_column(row: Mapping[str, Any], table_name: str) -> str | None:
    """Return the first column that a row of the table cannot be without and this row is."""
    return next((name for name in _REQUIRED[table_name] if row.get(name) is None), None)


def converted(row: Mapping[str, Any], columns: pa.Schema, table_name: str) -> Row:
    """Return a row with the values that the columns take; absent ones are null.

    Maps and structs become JSON text. An audit row without an id of its own gets one.

    Raises:
        BadRowError: a value is of another kind.
    """
    result: Row = {}
    for field in columns:
        try:
            result[field.name] = _value(row.get(field.name), field.type)
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            kind = _KINDS.get(field.type, "of the right kind")
            raise BadRowError(
                f"{field.name} is {reprlib.repr(row[field.name])}, not {kind}"
            ) from None
    if table_name == AUDIT.name:
        _complete_audit_row(result)
    return result


def _complete_audit_row(row: Row) -> None:
    row["event_date"] = row["event_date"] or row["event_time"].date()
    # delivered logs have no event id: equal rows get equal ids
    row["event_id"] = row["event_id"] or hashlib.sha256(_fingerprint(row).encode()).hexdigest()


def _fingerprint(row: Mapping[str, Any]) -> str:
    return "\x1f".join(str(value) for value in row.values())


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_decimal128(kind):
        smallest = Decimal(1).scaleb(-kind.scale)
        return Decimal(str(value)).quantize(smallest, context=Context(prec=kind.precision))
    return _CONVERTERS[kind](value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return storable(value)
    return canonical_json(_plain(value))


def _plain(value: Any) -> Any:
    """Replace what Parquet's structs can hold and JSON cannot."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | bytes):
        return str(value)
    return value


def _bigint(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != float(value):
        raise ValueError(value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false"):
        raise ValueError(value)
    return str(value).lower() == "true"


def _timestamp(value: Any) -> datetime:
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, int | float):
        seconds = value if abs(value) < _SECONDS_BELOW else value / 1000
        return datetime.fromtimestamp(seconds, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


_CONVERTERS: dict[pa.DataType, Any] = {
    pa.string(): _text,
    pa.int64(): _bigint,
    pa.bool_(): _boolean,
    pa.date32(): _date,
    pa.timestamp("us", tz="UTC"): _timestamp,
}
_KINDS = {
    pa.int64(): "a whole number",
    pa.bool_(): "true or false",
    pa.date32(): "a date (YYYY-MM-DD)",
    pa.timestamp("us", tz="UTC"): "a time (ISO 8601 or epoch)",
}
