"""Runs SQL on a warehouse of the workspace, by the SDK's statement execution."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from provision.errors import SetupError, StatementError
from warehouse.text import scrub

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import StatementResponse

Row = dict[str, str | None]

_WAIT = "30s"
_FIRST_POLL_SECONDS = 0.2
_LONGEST_POLL_SECONDS = 5.0
_LONGEST_SECONDS = 900  # a warehouse may have to start first
_RUNNING = frozenset({"PENDING", "RUNNING"})
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")


class Statements:
    """Runs one statement at a time on one warehouse."""

    def __init__(self, client: WorkspaceClient, warehouse_id: str) -> None:
        self._api = client.statement_execution
        self._warehouse_id = warehouse_id

    def run(self, statement: str) -> list[Row]:
        """Run a statement to its end and return its rows, cells as text by column.

        Raises:
            StatementError: the statement failed.
            SetupError: the warehouse does not take it, or does not answer.
        """
        from databricks.sdk.errors.base import DatabricksError
        from databricks.sdk.service.sql import ExecuteStatementRequestOnWaitTimeout

        try:
            answer = self._api.execute_statement(
                statement,
                self._warehouse_id,
                wait_timeout=_WAIT,
                on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CONTINUE,
            )
            answer = self._ended(answer)
            if _state(answer) != "SUCCEEDED":
                raise _failure(answer)
            return self._rows(answer)
        except (DatabricksError, OSError, ValueError) as error:
            raise SetupError(
                f"warehouse {self._warehouse_id}: {scrub(str(error))} (give --warehouse-id of an"
                " SQL warehouse on which you have CAN USE)"
            ) from error

    def _ended(self, answer: StatementResponse) -> StatementResponse:
        """Ask until the statement has ended; if we do not see its end, it is canceled."""
        statement_id = answer.statement_id or ""
        deadline = time.monotonic() + _LONGEST_SECONDS
        seconds = _FIRST_POLL_SECONDS
        try:
            while _state(answer) in _RUNNING and time.monotonic() < deadline:
                time.sleep(seconds)
                seconds = min(seconds * 2, _LONGEST_POLL_SECONDS)
                answer = self._api.get_statement(statement_id)
        finally:
            if _state(answer) in _RUNNING:
                with suppress(Exception):
                    self._api.cancel_execution(statement_id)
        return answer

    def _rows(self, answer: StatementResponse) -> list[Row]:
        manifest, result = answer.manifest, answer.result
        if manifest is None or manifest.schema is None:
            return []
        names = [column.name or "" for column in manifest.schema.columns or []]
        rows: list[list[str]] = []
        while result is not None:
            rows += result.data_array or []
            following = result.next_chunk_index
            result = (
                None
                if following is None
                else self._api.get_statement_result_chunk_n(answer.statement_id or "", following)
            )
        return [dict(zip(names, row, strict=True)) for row in rows]


def _state(answer: StatementResponse) -> str:
    status = answer.status
    return "" if status is None or status.state is None else status.state.value


def _failure(answer: StatementResponse) -> StatementError:
    error = answer.status.error if answer.status else None
    text = scrub((error.message if error else None) or f"the statement ended as {_state(answer)}")
    found = _CONDITION.match(text)
    return StatementError(text, found[1] if found else "")
