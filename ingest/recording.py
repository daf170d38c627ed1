"""Batches of landed rows, and the record that each run leaves."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from ingest.errors import IngestError
from warehouse import Table, Warehouse, WarehouseError
from warehouse.landing import INGEST_RUNS

Row = Mapping[str, Any]

_LONGEST_RUN = timedelta(days=1)
_UNFINISHED_RUNS = f"""
    select run_id, command, host, process_id, event_at
    from {INGEST_RUNS.qualified_name} as starts
    where
        event = 'start'
        and not exists (
            select 1
            from {INGEST_RUNS.qualified_name} as finishes
            where finishes.event = 'finish' and finishes.run_id = starts.run_id
        )
"""  # noqa: S608 - a name of ours


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def new_id(moment: datetime) -> str:
    """Return an id that sorts by time and that two processes do not share."""
    return f"{moment:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}"


class BatchWriter:
    """Collects rows and appends them, one transaction per batch.

    A batch is written when it holds `max_rows` rows or is `max_seconds` old, so that a process that
    is killed loses at most one. A message takes two rows: its payload and its attempt.

    Attributes:
        max_messages: Messages that fit into a batch, at least one.
    """

    def __init__(
        self, warehouse: Warehouse, *, max_rows: int = 500, max_seconds: float = 10.0
    ) -> None:
        self._warehouse = warehouse
        self.max_messages = max(1, max_rows // 2)
        self._max_rows = max_rows
        self._max_seconds = max_seconds
        self._rows: dict[Table, list[Row]] = {}
        self._count = 0
        self._started = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """Whether everything that was added is written."""
        return not self._count

    def add(self, table: Table, row: Row) -> None:
        """Add one row without its batch_id."""
        if not self._count:
            self._started = time.monotonic()
        self._rows.setdefault(table, []).append(row)
        self._count += 1

    def flush_if_full(self) -> None:
        """Write the batch if it is large or old enough; call between whole units of work."""
        is_old = time.monotonic() - self._started >= self._max_seconds
        if self._count and (self._count >= self._max_rows or is_old):
            self.flush()

    def flush(self) -> None:
        """Write what is there, payloads and attempts together."""
        if not self._count:
            return
        batch_id = new_id(utc_now())
        with self._warehouse.transaction() as transaction:
            for table, rows in self._rows.items():
                transaction.append(table, _arrow(table, rows, batch_id))
        self._rows = {}
        self._count = 0


def _arrow(table: Table, rows: list[Row], batch_id: str) -> pa.Table:
    return pa.Table.from_pylist(
        [{**row, "batch_id": batch_id} for row in rows], schema=table.columns
    )


@dataclass(slots=True)
class RunCounts:
    """What a run did so far; recorded when it ends.

    Attributes:
        rows: Resources that were fetched, or rows that were loaded.
        failed: Resources that could not be fetched.
        api_calls: Calls of the REST API, retries inside the SDK not counted.
        problems: One line for each workspace that could not be used.
        stopped: The run was asked to stop before its end.
    """

    rows: int = 0
    failed: int = 0
    api_calls: int = 0
    problems: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def outcome(self) -> str:
        """Return stopped, partial or done."""
        if self.stopped:
            return "stopped"
        return "partial" if self.failed or self.problems else "done"


class CallCounter(Protocol):
    """A client that counts its calls."""

    @property
    def calls(self) -> int:
        """Calls made so far."""


Client = TypeVar("Client", bound=CallCounter)


@contextmanager
def counted(client: Client, counts: RunCounts) -> Iterator[Client]:
    """Add the calls that a client makes in the block to the counts of the run."""
    before = client.calls
    try:
        yield client
    finally:
        counts.api_calls += client.calls - before


@contextmanager
def recorded_run(warehouse: Warehouse, command: str) -> Iterator[RunCounts]:
    """Append a start and a finish to ingest_runs around a run; finish the runs that died."""
    run = {
        "run_id": new_id(utc_now()),
        "command": command,
        "host": socket.gethostname(),
        "process_id": os.getpid(),
    }
    counts = RunCounts()
    warehouse.publish()  # what a run that died has left
    _finish_dead_runs(warehouse)
    _append_run(warehouse, "start", None, run, counts)
    try:
        yield counts
    except (IngestError, WarehouseError):
        _append_run(warehouse, "finish", "failed", run, counts)
        warehouse.publish()
        raise
    _append_run(warehouse, "finish", counts.outcome, run, counts)
    warehouse.publish()


def _finish_dead_runs(warehouse: Warehouse) -> None:
    """Append the finish of runs of this host whose process is gone, or that are a day old."""
    for run in warehouse.read(_UNFINISHED_RUNS).to_pylist():
        started_at = run.pop("event_at").replace(tzinfo=UTC)
        is_here = run["host"] == socket.gethostname()
        is_old = utc_now() - started_at > _LONGEST_RUN
        if is_old or (is_here and not _is_running(run["process_id"])):
            _append_run(warehouse, "finish", "died", run, RunCounts())


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as another user
        return True
    return True


def _append_run(
    warehouse: Warehouse, event: str, outcome: str | None, run: Row, counts: RunCounts
) -> None:
    row = {
        **run,
        "event": event,
        "event_at": utc_now(),
        "outcome": outcome,
        "row_count": counts.rows,
        "failed_count": counts.failed,
        "api_calls": counts.api_calls,
    }
    with warehouse.transaction() as transaction:
        transaction.append(INGEST_RUNS, pa.Table.from_pylist([row], schema=INGEST_RUNS.columns))
