"""Reads files that hold rows of system tables: JSON lines or Parquet.

Rows have the column names of Databricks' system tables; columns that a file lacks are null. For the
audit log, rows of Databricks' audit log delivery are understood too: one JSON object per line in
camelCase (docs: "Audit log reference", delivery schema 2.0), times in epoch milliseconds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import reprlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import BadFileError
from ingest.landing import AUDIT
from ingest.privacy import Privacy
from ingest.text import canonical_json, storable
from warehouse import Table

Row = dict[str, Any]

_BATCH_ROWS = 20_000
_SECONDS_BELOW = 100_000_000_000  # an epoch below 1e11 can only be seconds
_SUFFIXES = {".json", ".jsonl", ".ndjson", ".parquet", ".gz"}

_REQUIRED = {
    "audit": ("event_time", "service_name", "action_name"),
    "workspaces": ("workspace_id",),
    "query_history": ("workspace_id", "statement_id"),
    "billing_usage": ("record_id", "usage_start_time"),
    "list_prices": ("sku_name", "price_start_time"),
}

_DELIVERY_NAMES = {
    "version": "version",
    "timestamp": "event_time",
    "accountId": "account_id",
    "workspaceId": "workspace_id",
    "sourceIPAddress": "source_ip_address",
    "userAgent": "user_agent",
    "sessionId": "session_id",
    "userIdentity": "user_identity",
    "serviceName": "service_name",
    "actionName": "action_name",
    "requestId": "request_id",
    "requestParams": "request_params",
    "response": "response",
    "auditLevel": "audit_level",
    "eventId": "event_id",
}
_DELIVERY_NESTED_NAMES = {
    "subjectName": "subject_name",
    "statusCode": "status_code",
    "errorMessage": "error_message",
}


def find_files(paths: list[Path]) -> list[Path]:
    """Return the files among the paths and inside the folders among them, sorted per folder.

    Raises:
        BadFileError: a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
            found += sorted(file for file in inside if file.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise BadFileError(f"no such file: {path}")
    return found


def content_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_rows(path: Path, table: Table, privacy: Privacy) -> Iterator[pa.Table]:
    """Yield the rows of a file in batches of the table's columns, less fetched_at and batch_id.

    Raises:
        BadFileError: names the file, the line (or row) and what is wrong with it.
    """
    columns = pa.schema([f for f in table.columns if f.name not in ("fetched_at", "batch_id")])
    batch: list[Row] = []
    for place, row in _raw_rows(path):
        private = privacy.row(row)
        batch.append(_converted(private, columns, table.name, f"{path}:{place}"))
        if len(batch) >= _BATCH_ROWS:
            yield pa.Table.from_pylist(batch, schema=columns)
            batch = []
    if batch:
        yield pa.Table.from_pylist(batch, schema=columns)


def _raw_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    return _parquet_rows(path) if is_parquet else _json_rows(path)


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        with pq.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in batch.to_pylist(maps_as_pydicts="lossy"):
                    number += 1
                    yield number, row
    except pa.ArrowException as error:
        raise BadFileError(f"{path}: not a readable Parquet file ({error})") from error


def _json_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _json_object(line, f"{path}:{number}")
        except (OSError, EOFError) as error:
            raise BadFileError(f"{path}:{number + 1}: cannot be read ({error})") from error


def _json_object(line: bytes, place: str) -> Row:
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        raise BadFileError(f"{place}: not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise BadFileError(f"{place}: not JSON ({error.msg}, column {error.colno})") from None
    if not isinstance(row, dict):
        raise BadFileError(f"{place}: expected a JSON object, found {type(row).__name__}")
    return _from_delivery(row) if "actionName" in row else row


def _from_delivery(row: Row) -> Row:
    renamed = {_DELIVERY_NAMES[key]: value for key, value in row.items() if key in _DELIVERY_NAMES}
    for name in ("user_identity", "response"):
        if isinstance(renamed.get(name), dict):
            renamed[name] = {
                _DELIVERY_NESTED_NAMES.get(key, key): value for key, value in renamed[name].items()
            }
    return renamed


def _converted(row: Mapping[str, Any], columns: pa.Schema, table_name: str, place: str) -> Row:
    for name in _REQUIRED[table_name]:
        if row.get(name) is None:
            raise BadFileError(f"{place}: no {name}: is this a file of {table_name}?")
    converted: Row = {}
    for field in columns:
        try:
            converted[field.name] = _value(row.get(field.name), field.type)
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            kind = _KINDS.get(field.type, "of the right kind")
            raise BadFileError(
                f"{place}: {field.name} is {_shown(row[field.name])}, not {kind}"
            ) from None
    if table_name == AUDIT.name:
        _complete_audit_row(converted)
    return converted


def _complete_audit_row(row: Row) -> None:
    row["event_date"] = row["event_date"] or row["event_time"].date()
    # delivered logs have no event id: equal rows get equal ids
    row["event_id"] = row["event_id"] or hashlib.sha256(_fingerprint(row).encode()).hexdigest()


def _fingerprint(row: Mapping[str, Any]) -> str:
    return "\x1f".join(str(value) for value in row.values())


def _shown(value: object) -> str:
    return reprlib.repr(value)


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_decimal128(kind):
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-kind.scale))
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
