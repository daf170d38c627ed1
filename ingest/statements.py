"""SQL statements on a warehouse, by the Statement Execution API: /api/2.0/sql/statements.

Results are asked for INLINE as JSON_ARRAY: no host but the workspace's own is called, while
EXTERNAL_LINKS lead to presigned addresses elsewhere. A result INLINE fails beyond 25 MiB, so every
statement carries a lower limit of bytes, and what that cuts off is told by `truncated`. Answers are
raw JSON, as those of the Genie API, and shapes are those of databricks.sdk.service.sql.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ingest.errors import FetchError, WorkspaceError
from warehouse.text import scrub

PATH = "/api/2.0/sql/statements"
BYTE_LIMIT = 16 * 1024 * 1024

Json = dict[str, Any]
Cells = Sequence[str | None]

_WAIT_SECONDS = 10  # that the API holds an answer back; a stop is noticed after it
_SHORTEST_WAIT_SECONDS = 5  # the API takes 0, or 5 to 50
_FIRST_POLL_SECONDS = 0.2
_LONGEST_POLL_SECONDS = 5.0
_LONGEST_STATEMENT_SECONDS = 1800  # a warehouse may have to start first
_RUNNING = frozenset({"PENDING", "RUNNING"})
_REFUSED = frozenset({400, 403, 404})
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")


class Api(Protocol):
    """A workspace that was signed in to."""

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        """Call a path of the REST API, with retries."""

    def call_at_last(self, method: str, path: str) -> None:
        """Call once, although the run is to stop; raise nothing."""

    def sleep(self, seconds: float) -> None:
        """Wait between two calls; a stop ends it with StoppedError."""


class WarehouseRefusedError(WorkspaceError):
    """The SQL warehouse does not take our statements."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A text with named markers, and their values with their SQL types."""

    text: str
    parameters: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result; `kind` is the API's type_name, such as STRUCT."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave.

    Attributes:
        columns: In order.
        rows: Cells as text, None for null.
        is_truncated: The limit of bytes left rows out, from the end.
    """

    columns: tuple[Column, ...]
    rows: list[Cells]
    is_truncated: bool


class StatementClient:
    """Runs statements on one warehouse, one at a time."""

    def __init__(
        self, api: Api, warehouse_id: str, *, timeout_seconds: int, byte_limit: int = BYTE_LIMIT
    ) -> None:
        """Call nothing yet; an answer is not held back for longer than half the time-out."""
        self._api = api
        self._byte_limit = byte_limit
        self._warehouse_id = warehouse_id
        wait = min(_WAIT_SECONDS, timeout_seconds // 2)
        self._wait_timeout = f"{wait if wait >= _SHORTEST_WAIT_SECONDS else 0}s"

    def run(self, statement: Statement) -> Result:
        """Run a statement to its end and return its rows.

        If we do not see its end, it is canceled: it would go on and cost.

        Raises:
            FetchError: it failed; the code is its error condition, such as
                INSUFFICIENT_PERMISSIONS, or one of the transport.
            WarehouseRefusedError: there is no such warehouse, or it is closed to us.
            WorkspaceError: the workspace cannot be used any more.
            StoppedError: the run is to stop.
        """
        answer = self._submit(statement)
        statement_id = str(answer.get("statement_id", ""))
        try:
            answer = self._ended(statement_id, answer)
        except BaseException:
            self._api.call_at_last("POST", f"{PATH}/{statement_id}/cancel")
            raise
        if _state(answer) != "SUCCEEDED":
            raise _failure(answer)
        return self._result(statement_id, answer)

    def _submit(self, statement: Statement) -> Json:
        body = {
            "statement": statement.text,
            "warehouse_id": self._warehouse_id,
            "parameters": [
                {"name": name, "value": value, "type": kind}
                for name, (value, kind) in statement.parameters.items()
            ],
            "disposition": "INLINE",
            "format": "JSON_ARRAY",
            "byte_limit": self._byte_limit,
            "wait_timeout": self._wait_timeout,
            "on_wait_timeout": "CONTINUE",
        }
        try:
            return self._api.call("POST", PATH, body=body)
        except FetchError as error:
            # what is wrong with a statement is a state of it; this is about the warehouse
            if error.http_status not in _REFUSED:
                raise
            raise WarehouseRefusedError(
                f"warehouse {self._warehouse_id}: {error} (give --warehouse-id of an SQL warehouse"
                " on which we have CAN USE)"
            ) from error

    def _ended(self, statement_id: str, answer: Json) -> Json:
        """Ask until the statement has ended, and return the last answer."""
        deadline = time.monotonic() + _LONGEST_STATEMENT_SECONDS
        seconds = _FIRST_POLL_SECONDS
        while _state(answer) in _RUNNING:
            if time.monotonic() > deadline:
                raise FetchError(
                    f"the statement runs for more than {_LONGEST_STATEMENT_SECONDS} s",
                    http_status=None,
                    error_code="TIMEOUT",
                )
            self._api.sleep(seconds)
            seconds = min(seconds * 2, _LONGEST_POLL_SECONDS)
            answer = self._api.call("GET", f"{PATH}/{statement_id}")
        return answer

    def _result(self, statement_id: str, answer: Json) -> Result:
        try:
            manifest = answer["manifest"]
            columns = tuple(
                Column(str(one["name"]), str(one["type_name"]))
                for one in manifest["schema"]["columns"]
            )
            expected = int(manifest.get("total_row_count", 0))
            chunks = self._chunks(statement_id, answer.get("result") or {})
            rows = [row for chunk in chunks for row in chunk]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _invalid(f"the result is not as expected ({error!r})") from error
        if len(rows) != expected or any(len(row) != len(columns) for row in rows):
            raise _invalid(f"the result has {len(rows)} rows, not {expected} of one width")
        return Result(columns, rows, manifest.get("truncated") is True)

    def _chunks(self, statement_id: str, chunk: Json) -> Iterator[list[Cells]]:
        number = 0
        while True:
            yield chunk.get("data_array") or []
            following = chunk.get("next_chunk_index")
            if following is None:
                return
            if int(following) <= number:
                raise _invalid("the chunks of the result go round")
            number = int(following)
            chunk = self._api.call("GET", f"{PATH}/{statement_id}/result/chunks/{number}")


def _state(answer: Json) -> str:
    status = answer.get("status")
    if not isinstance(status, dict) or "state" not in status:
        raise _invalid("the answer has no state of the statement")
    return str(status["state"])


def _failure(answer: Json) -> FetchError:
    state, error = _state(answer), answer["status"].get("error") or {}
    text = scrub(str(error.get("message", f"the statement ended as {state}")))
    found = _CONDITION.match(text)
    code = found[1] if found else str(error.get("error_code", state))
    return FetchError(text, http_status=200, error_code=code)


def _invalid(message: str) -> FetchError:
    return FetchError(message, http_status=200, error_code="INVALID_ANSWER")
