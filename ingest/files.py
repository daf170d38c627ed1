"""Reads files that hold rows of system tables: JSON lines or Parquet.

Rows have the column names of Databricks' system tables; columns that a file lacks are null. For the
audit log, rows of Databricks' audit log delivery are understood too: one JSON object per line in
camelCase (docs: "Audit log reference", delivery schema 2.0), times in epoch milliseconds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import BadFileError
from ingest.privacy import Privacy
from ingest.rows import BadRowError, Row, converted, missing_column, received_columns
from warehouse import Table

_BATCH_ROWS = 20_000
_SUFFIXES = {".json", ".jsonl", ".ndjson", ".parquet", ".gz"}

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


def find_files(paths: list[Path], suffixes: Collection[str] = _SUFFIXES) -> list[Path]:
    """Return the files among the paths and inside the folders among them, sorted per folder.

    Args:
        paths: Files, whatever their names, and folders.
        suffixes: Of the files that are taken from folders.

    Raises:
        BadFileError: a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix.lower() in suffixes)
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
    columns = received_columns(table)
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
    missing = missing_column(row, table_name)
    if missing is not None:
        raise BadFileError(f"{place}: no {missing}: is this a file of {table_name}?")
    try:
        return converted(row, columns, table_name)
    except BadRowError as error:
        raise BadFileError(f"{place}: {error}") from None
