"""Brings the system tables of an account: by watermark, in bounded pages, each a transaction.

Where to begin is said by gold.genie_system_tables_to_fetch. Pages go from old to new, so that what
a killed run has landed is its own watermark; a row that is landed is not landed again. A sweep
counts the rows of each day there and here, and reads the days of which there are more: events that
came late, workspaces that are observed since, and what came by files with gaps. Only rows that
changed behind the overlap need --since, which reads all again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from ingest.client import GenieClient
from ingest.errors import FetchError, HostError, StoppedError, WorkspaceError
from ingest.fetching import failure
from ingest.recording import new_id, utc_now
from ingest.rows import BadRowError, Row, converted, missing_column, stamped
from ingest.statements import BYTE_LIMIT, Cells, Column, Result, StatementClient
from ingest.system_queries import (
    EPOCH,
    NESTED,
    SOURCES,
    Scope,
    Source,
    Window,
    columns_statement,
    days_statement,
    landed_days_query,
    landed_rows_query,
    page_statement,
)
from ingest.worklist import Workspace
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse
from warehouse.landing import FETCH_ATTEMPTS, TIMESTAMP

_DAY = timedelta(days=1)
_WINDOW = timedelta(days=7)  # a statement scans and sorts no more than this
_DENIED = frozenset(
    {
        "INSUFFICIENT_PERMISSIONS",
        "PERMISSION_DENIED",
        "TABLE_OR_VIEW_NOT_FOUND",
        "SCHEMA_NOT_FOUND",
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        host: Address of a workspace that reads the system tables.
        warehouse_id: The SQL warehouse that runs the statements.
        tables: Names as of the landing tables; empty for all.
        since: Read from here instead of where the work list says.
        workspace_id: Rows of this workspace only.
        page_rows: Most rows of a statement, and of a transaction.
        timeout_seconds: To wait for an answer.
        byte_limit: Most bytes of a result, as the warehouse counts them.
    """

    host: str
    warehouse_id: str
    tables: tuple[str, ...] = ()
    since: datetime | None = None
    workspace_id: str | None = None
    page_rows: int = 5_000
    timeout_seconds: int = 60
    byte_limit: int = BYTE_LIMIT


def read_host(environ: Mapping[str, str]) -> str:
    """Return the address of the workspace that the statements are sent to.

    Raises:
        HostError: DATABRICKS_HOST does not say.
    """
    host = environ.get("DATABRICKS_HOST", "")
    if not host:
        raise HostError(
            "set DATABRICKS_HOST to the address of a workspace that can read the system tables"
        )
    return host if "://" in host else f"https://{host}"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be read of a table.

    Attributes:
        scope_ids: Of these workspaces; empty for all.
        start: From here on.
        in_force_from: Prices that had ended by then are left out.
        is_sweep: It is the sweep that the work list says is due.
        compares_days: Only days of which there is more than what is landed are read.
    """

    scope_ids: tuple[str, ...]
    start: datetime
    in_force_from: datetime
    is_sweep: bool
    compares_days: bool


def fetch_system_tables(
    warehouse: Warehouse, open_client: OpenClient, run: Run, wanted: Wanted
) -> None:
    """Land the new rows of the system tables; note every attempt.

    A table that cannot be read is a problem of the run and does not stop the others.

    Raises:
        WorkspaceError: no table can be read.
    """
    names = [name for name in SOURCES if name in wanted.tables or not wanted.tables]
    plans = {name: _plan(row, wanted) for name, row in _work(warehouse).items()}
    failed: list[str] = []

    def fetch(api: GenieClient, _: Workspace) -> None:
        client = StatementClient(
            api,
            wanted.warehouse_id,
            timeout_seconds=wanted.timeout_seconds,
            byte_limit=wanted.byte_limit,
        )
        for number, name in enumerate(names, start=1):
            reader = _Reader(warehouse, client, run, SOURCES[name], plans[name], wanted.page_rows)
            try:
                reader.read()
            except FetchError as error:
                failed.append(name)
                run.counts.problems.append(_problem(SOURCES[name], error))
                _attempt(run, name, plans[name], wanted, error)
            else:
                _attempt(run, name, plans[name], wanted, None)
            run.report(number, len(names))

    workspace = Workspace("", wanted.host, wanted.host)
    unusable = visit([workspace], open_client, run, fetch)
    require_some(1, len(unusable), run.counts)
    require_some(len(names), len(failed), run.counts)


def _work(warehouse: Warehouse) -> dict[str, Row]:
    rows = warehouse.read(
        "select table_name, workspace_ids, is_sweep_due, watermark_at, read_from, sweep_from"
        " from genie_analytics.genie_system_tables_to_fetch"
    ).to_pylist()
    return {row["table_name"]: row for row in rows}


def _plan(row: Row, wanted: Wanted) -> _Plan:
    ids = tuple(row["workspace_ids"].split(",")) if row["workspace_ids"] else ()
    if wanted.workspace_id is not None:
        if ids and wanted.workspace_id not in ids:
            raise WorkspaceError(
                f"workspace {wanted.workspace_id} is not observed: genie_workspace_ids has"
                f" {', '.join(ids)}"
            )
        ids = (wanted.workspace_id,)
    is_sweep = row["is_sweep_due"] and wanted.since is None
    start = row["sweep_from"] if is_sweep else row["read_from"]
    return _Plan(
        scope_ids=ids,
        start=wanted.since or start.replace(tzinfo=UTC),
        in_force_from=row["sweep_from"].replace(tzinfo=UTC),
        is_sweep=is_sweep,
        # without a watermark an increment starts as early as a sweep
        compares_days=wanted.since is None and (is_sweep or row["watermark_at"] is None),
    )


class _Reader:
    """Reads one table."""

    def __init__(
        self,
        warehouse: Warehouse,
        client: StatementClient,
        run: Run,
        source: Source,
        plan: _Plan,
        page_rows: int,
    ) -> None:
        self._warehouse = warehouse
        self._client = client
        self._run = run
        self._source = source
        self._plan = plan
        self._page_rows = page_rows

    def read(self) -> None:
        """Land what is new.

        Raises:
            FetchError: the table cannot be read, or not to the end; what was read is landed.
            StoppedError: the run is to stop.
        """
        found = self._client.run(columns_statement(self._source)).columns
        known = set(self._source.columns.names)
        columns = tuple(column for column in found if column.name in known)
        scope = Scope(columns, self._plan.scope_ids, self._plan.in_force_from)
        for window in self._windows(scope):
            self._read_window(scope, window)

    def _windows(self, scope: Scope) -> Iterable[Window]:
        end = _day(utc_now()) + 2 * _DAY  # clocks differ
        if self._source.is_whole:
            return [Window(EPOCH, end)]
        if not self._plan.compares_days:
            # rows that are summed up are so of whole hours
            start = _hour(self._plan.start) if self._source.expressions else self._plan.start
            return _split(start, end)
        start = _day(self._plan.start)
        return _joined(self._days_to_read(scope, Window(start, end)))

    def _days_to_read(self, scope: Scope, window: Window) -> Iterator[datetime]:
        """Yield the days of which there is more than what is landed."""
        query = landed_days_query(self._source, self._plan.scope_ids, window.start)
        landed = {row["day"]: row["row_count"] for row in self._warehouse.read(*query).to_pylist()}
        found = self._client.run(days_statement(self._source, scope, window))
        if found.is_truncated:
            raise _no_room(window)
        for cells in found.rows:
            number, count = (int(cell or 0) for cell in cells)
            day = EPOCH + number * _DAY
            if landed.get(day.date(), 0) < count:
                yield day

    def _read_window(self, scope: Scope, window: Window) -> None:
        while True:
            if self._run.stop.is_set():
                raise StoppedError("the run is to stop")
            statement = page_statement(self._source, scope, window, self._page_rows)
            result = self._client.run(statement)
            self._land(scope, result)
            if len(result.rows) < self._page_rows and not result.is_truncated:
                return
            following = _following(window, result)
            if following == window:
                raise _no_room(window)
            window = following

    def _land(self, scope: Scope, result: Result) -> None:
        """Append the rows of a page that are not landed yet, in one transaction."""
        if not result.rows:
            return
        source = self._source
        rows = [self._converted(scope, cells) for cells in result.rows]
        moments = [row[source.time] or EPOCH for row in rows]
        page = pa.Table.from_pylist(rows, schema=source.columns)
        with self._warehouse.transaction() as transaction:
            landed = transaction.read(*landed_rows_query(source, min(moments), max(moments)))
            fresh = page.take(pa.array(_unlanded(source, page, landed), pa.int64()))
            if fresh.num_rows:
                now = utc_now()
                stamp = {"fetched_at": now, "batch_id": new_id(now)}
                transaction.append(source.table, stamped(fresh, source.table, stamp))
        self._run.counts.rows += fresh.num_rows

    def _converted(self, scope: Scope, cells: Cells) -> Row:
        columns = self._source.columns
        row = {
            column.name: _received(cell, column, columns.field(column.name).type)
            # behind the columns are page_time and page_id
            for column, cell in zip(scope.columns, cells, strict=False)
        }
        missing = missing_column(row, self._source.table.name)
        if missing is not None:
            raise _invalid_row(f"a row has no {missing}")
        try:
            return converted(self._run.privacy.row(row), columns, self._source.table.name)
        except BadRowError as error:
            raise _invalid_row(str(error)) from None


def _received(cell: str | None, column: Column, landing_type: pa.DataType) -> Any:
    """Return a cell as a file would hold it."""
    if cell is None:
        return None
    try:
        if landing_type == TIMESTAMP:
            return EPOCH + timedelta(microseconds=int(cell))
        return json.loads(cell) if column.kind in NESTED else cell
    except ValueError:  # the value itself may be a text of somebody
        raise _invalid_row(f"{column.name} is neither a time nor JSON") from None


def _no_room(window: Window) -> FetchError:
    return FetchError(
        f"a result has no room for the rows of {window.start:%Y-%m-%d %H:%M:%S.%f} UTC"
        " (give more --page-rows)",
        http_status=None,
        error_code="PAGE_TOO_SMALL",
    )


def _invalid_row(text: str) -> FetchError:
    return FetchError(text, http_status=200, error_code="INVALID_ANSWER")


def _unlanded(source: Source, page: pa.Table, landed: pa.Table) -> list[int]:
    """Return the positions of the rows that are to be landed."""
    keys = _tuples(page, source.key)
    landed_keys = _tuples(landed, source.key, source.columns)
    if source.is_whole:
        content = _tuples(page, source.columns.names)
        landed_content = _tuples(landed, source.columns.names, source.columns)
        last = dict(zip(landed_keys, landed_content, strict=True))
        return [at for at, key in enumerate(keys) if last.get(key) != content[at]]
    known = set(landed_keys)
    fresh: list[int] = []
    for at, key in enumerate(keys):
        if key not in known:
            known.add(key)
            fresh.append(at)
    return fresh


def _tuples(
    rows: pa.Table, names: Sequence[str], schema: pa.Schema | None = None
) -> list[tuple[Any, ...]]:
    """Return the values of columns row by row, with the types of the schema."""
    chosen = rows.select(list(names))
    if schema is not None:  # engines give times without a zone
        chosen = chosen.cast(pa.schema([schema.field(name) for name in names]))
    return list(zip(*(column.to_pylist() for column in chosen.columns), strict=True))


def _following(window: Window, result: Result) -> Window:
    """Return what is left of a window behind a page; it begins with the page's last row."""
    if not result.rows:
        return window
    moment, row_id = result.rows[-1][-2:]
    start = EPOCH + timedelta(microseconds=int(moment or 0))
    return Window(start, window.end, row_id or "")


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> datetime:
    return _hour(moment).replace(hour=0)


def _split(start: datetime, end: datetime) -> Iterator[Window]:
    while start < end:
        following = min(_day(start) + _WINDOW, end)
        yield Window(start, following)
        start = following


def _joined(days: Iterable[datetime]) -> Iterator[Window]:
    """Join days that follow each other, as far as a window goes."""
    window: Window | None = None
    for day in sorted(days):
        if window is not None and day == window.end and day - window.start < _WINDOW:
            window = Window(window.start, day + _DAY)
            continue
        if window is not None:
            yield window
        window = Window(day, day + _DAY)
    if window is not None:
        yield window


def _problem(source: Source, error: FetchError) -> str:
    hint = ""
    if error.error_code in _DENIED:
        hint = (
            f" (an admin has to GRANT USE SCHEMA ON SCHEMA {source.schema_name} and"
            f" GRANT SELECT ON TABLE {source.name} to us)"
        )
    return f"{source.name}: {error}{hint}"


def _attempt(run: Run, name: str, plan: _Plan, wanted: Wanted, error: FetchError | None) -> None:
    row = {
        "resource": "system_table_sweep" if plan.is_sweep else "system_table",
        "resource_id": name,
        "workspace_id": wanted.workspace_id,
        "fetched_at": utc_now(),
        **({"outcome": "fetched"} if error is None else failure(error)),
    }
    run.writer.add(FETCH_ATTEMPTS, run.privacy.attempt(row))
    run.writer.flush()
