"""The SQL Statement Execution API over an account's system tables: /api/2.0/sql/statements.

Results come INLINE as JSON_ARRAY, in chunks. A statement that fails answers 200 with the state
FAILED; what is refused before it runs is an error of the API. Shapes: databricks.sdk.service.sql.
"""

import json
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from demo.errors import ApiError, bad_request, not_found
from demo.ids import statement_id
from demo.system_sql import Json, Result, SqlError, SystemTables
from demo.unity_catalog import UnityCatalog

_WAREHOUSE_ID = re.compile(r"[0-9a-f]{16}")
_WAIT = re.compile(r"(0|[5-9]|[1-4]\d|50)s")
_KEPT = 200  # statements whose results are still there
_TOO_LARGE = (
    "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size"
    " of at most {limit} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you"
    " want to download the full result."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRules:
    """Rights, limits and speed of statements.

    Attributes:
        chunk_rows: Rows of a chunk of a result.
        inline_bytes: Size of a result above which a statement fails.
        slow_every: Each n-th statement outlasts its wait_timeout; 0 is none.
        slow_polls: Answers that say PENDING and RUNNING before that of a slow statement.
        closed: Schemas and tables that nobody may read, such as `system.access`.
        absent: Columns that the account's tables lack, by table.
    """

    chunk_rows: int = 1000
    inline_bytes: int = 25 * 1024 * 1024
    slow_every: int = 10
    slow_polls: int = 2
    closed: frozenset[str] = frozenset()
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Statement:
    statement_id: str
    polls_left: int
    chunk_rows: int
    failure: tuple[str, str] | None = None  # message and sql_state
    columns: Sequence[tuple[str, str, str]] = ()
    rows: Sequence[tuple[str | None, ...]] = ()
    is_truncated: bool = False
    is_canceled: bool = False
    is_polled: bool = False


class Statements:
    """Runs statements and keeps their results for a while; safe for threads.

    Attributes:
        tables: What they read.
        unity_catalog: What they create, drop and grant.
        warehouse_ids: The warehouses on which they run.
        rules: Rights, limits and speed; may be replaced at any time.
        received: The bodies of all statements that were taken, oldest first.
        canceled: Ids of the statements that somebody canceled.
    """

    def __init__(self, tables: SystemTables, warehouse_ids: Iterable[str]) -> None:
        """Run nothing yet; statements run on these warehouses only."""
        self.tables = tables
        self.unity_catalog = UnityCatalog()
        self.rules = StatementRules()
        self.received: list[Json] = []
        self.canceled: list[str] = []
        self.warehouse_ids = frozenset(warehouse_ids)
        self._known: dict[str, _Statement] = {}
        self._lock = threading.Lock()

    def execute(self, body: Mapping[str, Any]) -> Json:
        """Run a statement and answer as after its wait_timeout.

        Raises:
            ApiError: 400 or 404 if the statement is not taken.
        """
        self._check(body)
        with self._lock:
            self.received.append(dict(body))
            number = len(self.received)
        rules = self.rules
        is_slow = rules.slow_every > 0 and number % rules.slow_every == 0
        is_slow = is_slow or body.get("wait_timeout") == "0s"
        statement = _Statement(
            statement_id("statement", number), rules.slow_polls if is_slow else 0, rules.chunk_rows
        )
        try:
            self._run(statement, body, rules)
        except SqlError as error:
            statement.failure = (str(error), error.sql_state)
        with self._lock:
            self._known[statement.statement_id] = statement
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return _answer(statement)

    def get(self, identifier: str) -> Json:
        """Answer with the state of a statement, and its first chunk if it has succeeded.

        Raises:
            ApiError: 404 if there is none, or no longer.
        """
        statement = self._statement(identifier)
        with self._lock:
            statement.polls_left = max(0, statement.polls_left - 1)
            statement.is_polled = True
        return _answer(statement)

    def chunk(self, identifier: str, number: str) -> Json:
        """Answer with a chunk of a result.

        Raises:
            ApiError: 404 if there is no such statement, 400 if it has no such chunk.
        """
        statement = self._statement(identifier)
        if not number.isdecimal() or int(number) >= _chunks(statement):
            raise bad_request(f"Chunk {number} of statement {identifier} does not exist.")
        return _chunk(statement, int(number))

    def cancel(self, identifier: str) -> Json:
        """Cancel a statement, if it has not ended.

        Raises:
            ApiError: 404 if there is none, or no longer.
        """
        statement = self._statement(identifier)
        with self._lock:
            self.canceled.append(identifier)
            statement.is_canceled = statement.polls_left > 0
            statement.polls_left = 0
        return {}

    def _check(self, body: Mapping[str, Any]) -> None:
        warehouse_id = body.get("warehouse_id")
        if not isinstance(warehouse_id, str) or not _WAREHOUSE_ID.fullmatch(warehouse_id):
            raise bad_request(f"{warehouse_id} is not a valid endpoint id.")
        if warehouse_id not in self.warehouse_ids:
            raise not_found("SQL warehouse", warehouse_id)
        if not isinstance(body.get("statement"), str) or not body["statement"].strip():
            raise bad_request("statement must be a text that is not empty.")
        if not _WAIT.fullmatch(body.get("wait_timeout", "10s")):
            raise bad_request("wait_timeout must be 0s or from 5s to 50s.")
        kind = (body.get("disposition", "INLINE"), body.get("format", "JSON_ARRAY"))
        if kind != ("INLINE", "JSON_ARRAY"):
            raise ApiError(HTTPStatus.NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"Not simulated: {kind}")

    def _run(self, statement: _Statement, body: Mapping[str, Any], rules: StatementRules) -> None:
        text = body["statement"]
        result = self.unity_catalog.run(text) or self.tables.run(
            text, body.get("parameters") or [], rules.closed, rules.absent
        )
        rows, is_truncated = _limited(result, body.get("row_limit"), body.get("byte_limit"))
        if sum(map(_size, rows)) > rules.inline_bytes:
            raise SqlError(_TOO_LARGE.format(limit=rules.inline_bytes))
        statement.columns, statement.rows = result.columns, rows
        statement.is_truncated = is_truncated

    def _statement(self, identifier: str) -> _Statement:
        with self._lock:
            found = self._known.get(identifier)
        if found is None:
            raise not_found("The statement", identifier)
        return found


def _size(row: Sequence[str | None]) -> int:
    return len(json.dumps(row, ensure_ascii=False).encode())


def _limited(
    result: Result, row_limit: int | None, byte_limit: int | None
) -> tuple[list[tuple[str | None, ...]], bool]:
    """Return the rows within the limits that the caller set, and whether that are not all."""
    rows: list[tuple[str | None, ...]] = []
    size = 0
    for row in result.rows:
        size += _size(row)
        is_full = row_limit is not None and len(rows) >= row_limit
        if is_full or (byte_limit is not None and size > byte_limit):
            return rows, True
        rows.append(row)
    return rows, False


def _answer(statement: _Statement) -> Json:
    status: Json = {"state": _state(statement)}
    answer: Json = {"statement_id": statement.statement_id, "status": status}
    if status["state"] == "FAILED" and statement.failure is not None:
        message, sql_state = statement.failure
        status["error"] = {"error_code": "BAD_REQUEST", "message": message}
        status |= {"sql_state": sql_state} if sql_state else {}
    if status["state"] == "SUCCEEDED":
        answer |= {"manifest": _manifest(statement), "result": {}}
        if statement.rows:
            answer["result"] = _chunk(statement, 0)
    return answer


def _state(statement: _Statement) -> str:
    if statement.is_canceled:
        return "CANCELED"
    if statement.polls_left:
        return "RUNNING" if statement.is_polled else "PENDING"
    return "SUCCEEDED" if statement.failure is None else "FAILED"


def _manifest(statement: _Statement) -> Json:
    columns = [
        {"name": name, "type_name": kind, "type_text": text, "position": position}
        for position, (name, kind, text) in enumerate(statement.columns)
    ]
    return {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_chunk_count": _chunks(statement),
        "chunks": [_span(statement, number) for number in range(_chunks(statement))],
        "total_row_count": len(statement.rows),
        "truncated": statement.is_truncated,
    }


def _chunks(statement: _Statement) -> int:
    return -(-len(statement.rows) // statement.chunk_rows)


def _span(statement: _Statement, number: int) -> Json:
    start = number * statement.chunk_rows
    count = min(statement.chunk_rows, len(statement.rows) - start)
    return {"chunk_index": number, "row_offset": start, "row_count": count}


def _chunk(statement: _Statement, number: int) -> Json:
    span = _span(statement, number)
    end = span["row_offset"] + span["row_count"]
    chunk = {**span, "data_array": [list(row) for row in statement.rows[span["row_offset"] : end]]}
    if number + 1 < _chunks(statement):
        following = number + 1
        path = f"/api/2.0/sql/statements/{statement.statement_id}/result/chunks/{following}"
        chunk |= {"next_chunk_index": following, "next_chunk_internal_link": path}
    return chunk
