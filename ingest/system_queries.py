"""The system tables of an account, and the SQL that reads them there and what is landed of them.

There: Databricks' SQL. Dates and workspaces are always named, since the tables are large and pruned
by them. Times travel as microseconds: as text they would follow the warehouse's time zone, and the
API cuts them to milliseconds. Structs and maps travel as JSON with their nulls.
Landed: SQL that every engine of `warehouse` takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from ingest.rows import received_columns
from ingest.statements import Column, Statement
from warehouse import Table
from warehouse.landing import (
    AUDIT,
    BILLING_USAGE,
    LIST_PRICES,
    QUERY_HISTORY,
    TIMESTAMP,
    WAREHOUSE_HOURS,
    WORKSPACES,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NESTED = frozenset({"STRUCT", "MAP", "ARRAY", "VARIANT"})

_DAY_US = 86_400_000_000
_HOUR = "date_trunc('HOUR', start_time)"
_GENIE_CLIENTS = "client_application in ('Databricks SQL Genie Space', 'DatabricksGenie')"


@dataclass(frozen=True, slots=True)
class Source:
    """A system table and how it is read.

    Attributes:
        name: In Databricks.
        table: Where it lands.
        time: Landing column that pages are ordered by.
        row_id: SQL of a text that orders rows of the same time.
        landed_row_id: The same of landed rows; None where it is the same text.
        key: Columns that tell one row from another; a row with a landed key is not landed again.
        date: Column that the table is pruned by, the day of `time`; None where there is none.
        condition: Which rows are wanted, as the models of bronze want them.
        landed_condition: The same of landed rows.
        is_whole: Small and without a watermark: read whole, and a row is landed if it differs from
            the last one landed with its key.
        expressions: SQL of the landing columns, where rows are summed up: those that are no
            aggregate are the groups. Empty where they are the columns of the source.
        pruned_time: Column of the source that windows are of, where `time` is an expression.
    """

    name: str
    table: Table
    time: str
    row_id: str
    key: tuple[str, ...]
    date: str | None = None
    condition: str | None = None
    landed_condition: str | None = None
    is_whole: bool = False
    landed_row_id: str | None = None
    expressions: Mapping[str, str] = field(default_factory=dict)
    pruned_time: str | None = None

    @property
    def groups(self) -> list[str]:
        """SQL of what rows are summed up by; empty where they are not."""
        given = self.expressions.values()
        return [sql for sql in given if "count(" not in sql and "sum(" not in sql]

    @property
    def schema_name(self) -> str:
        """The schema in Databricks."""
        return self.name.rpartition(".")[0]

    @property
    def columns(self) -> pa.Schema:
        """The landing columns that come from Databricks."""
        return received_columns(self.table)

    @property
    def has_workspaces(self) -> bool:
        """Whether rows belong to workspaces."""
        return "workspace_id" in self.columns.names


SOURCES = {
    source.table.name: source
    for source in (
        Source(
            name="system.access.workspaces_latest",
            table=WORKSPACES,
            time="create_time",
            row_id="workspace_id",
            key=("workspace_id",),
            is_whole=True,
        ),
        Source(
            name="system.access.audit",
            table=AUDIT,
            time="event_time",
            row_id="event_id",
            key=("event_id",),
            date="event_date",
            condition="service_name = 'aibiGenie'",
            landed_condition="service_name = 'aibiGenie'",
        ),
        Source(
            name="system.query.history",
            table=QUERY_HISTORY,
            time="start_time",
            row_id="statement_id",
            key=("workspace_id", "statement_id", "update_time"),
            condition=f"(query_source.genie_space_id is not null or {_GENIE_CLIENTS})",
            # landed as compact JSON: an id is a text, null is not
            landed_condition=f"""(query_source like '%"genie_space_id":"%' or {_GENIE_CLIENTS})""",
        ),
        Source(
            name="system.query.history",
            table=WAREHOUSE_HOURS,
            time="hour_start",
            row_id=f"concat_ws('|', workspace_id, compute.warehouse_id, {_HOUR})",
            landed_row_id="concat_ws('|', workspace_id, warehouse_id, hour_start)",
            # an hour that has grown is landed again
            key=(
                *("workspace_id", "warehouse_id", "hour_start"),
                *("statement_count", "total_task_duration_ms"),
            ),
            condition="compute.warehouse_id is not null",
            expressions={
                "workspace_id": "workspace_id",
                "warehouse_id": "compute.warehouse_id",
                "hour_start": _HOUR,
                "statement_count": "count(*)",
                "total_task_duration_ms": "cast(sum(total_task_duration_ms) as bigint)",
            },
            pruned_time="start_time",
        ),
        Source(
            name="system.billing.usage",
            table=BILLING_USAGE,
            time="usage_start_time",
            row_id="record_id",
            key=("record_id", "record_type"),
            date="usage_date",
        ),
        Source(
            name="system.billing.list_prices",
            table=LIST_PRICES,
            time="price_start_time",
            row_id="concat_ws('|', sku_name, cloud, currency_code, usage_unit)",
            key=("sku_name", "cloud", "currency_code", "usage_unit", "price_start_time"),
            condition="coalesce(price_end_time >= timestamp_micros(:in_force_from), true)",
            is_whole=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Window:
    """Rows from a time to before another; `row_id` begins within those of the first moment."""

    start: datetime
    end: datetime
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is wanted of a table besides a window.

    Attributes:
        columns: Those that the account's table has, of the landing table's.
        workspace_ids: Of these workspaces; empty for all.
        in_force_from: Prices that had ended by then are not wanted.
    """

    columns: tuple[Column, ...]
    workspace_ids: tuple[str, ...]
    in_force_from: datetime


def columns_statement(source: Source) -> Statement:
    """Return what tells the columns of a table: its rows need no reading for that."""
    selected = ", ".join(f"{sql} as {name}" for name, sql in source.expressions.items()) or "*"
    text = f"select {selected} from {source.name}{_grouped(source, ' ')} limit 0"  # noqa: S608 - names of ours
    return Statement(text, {})


def page_statement(source: Source, scope: Scope, window: Window, rows: int) -> Statement:
    """Return what reads the first rows of a window, the oldest first.

    The columns are those of the scope, and page_time and page_id, which the next page begins with:
    once more with the last row, since rows may share both.
    """
    kinds = {field.name: field.type for field in source.columns}
    selected = [_selected(source, column, kinds[column.name]) for column in scope.columns]
    moment = _expression(source, _moment(source))
    conditions, parameters = _conditions(source, scope, window)
    conditions.append(
        f"({moment} > timestamp_micros(:start_time) or {source.row_id} >= :start_id)",
    )
    text = "\n".join(
        (
            "select",
            ",\n".join(
                f"    {one}"
                for one in (
                    *selected,
                    f"unix_micros({moment}) as page_time",
                    f"{source.row_id} as page_id",
                )
            ),
            f"from {source.name}",
            "where\n    " + "\n    and ".join(conditions) + _grouped(source, "\n"),
            "order by page_time, page_id",
            f"limit {rows}",
        )
    )
    return Statement(text, {**parameters, "start_id": (window.row_id, "STRING")})


def days_statement(source: Source, scope: Scope, window: Window) -> Statement:
    """Return what counts the rows of each day: day since 1970, row_count."""
    conditions, parameters = _conditions(source, scope, window)
    text = "\n".join(
        (
            "select",
            f"    unix_micros({source.pruned_time or source.time}) div {_DAY_US} as day,",
            f"    count(distinct {source.row_id}) as row_count",
            f"from {source.name}",
            "where\n    " + "\n    and ".join(conditions),
            "group by day",
            "order by day",
        )
    )
    return Statement(text, parameters)


def landed_days_query(
    source: Source, workspace_ids: Sequence[str], start: datetime
) -> tuple[str, list[object]]:
    """Return what counts the landed rows of each day: day, row_count."""
    conditions = [f"{source.time} >= ?", *filter(None, [source.landed_condition])]
    if workspace_ids:
        conditions.append(f"workspace_id in ({', '.join('?' for _ in workspace_ids)})")
    query = f"""
        select
            cast({source.time} as date) as day,
            count(distinct {source.landed_row_id or source.row_id}) as row_count
        from {source.table.qualified_name}
        where {" and ".join(conditions)}
        group by cast({source.time} as date)
    """  # noqa: S608 - names of ours, values as parameters
    return query, [start.replace(tzinfo=None), *workspace_ids]


def landed_rows_query(source: Source, first: datetime, last: datetime) -> tuple[str, list[object]]:
    """Return the landed rows between two times, oldest landing first: the columns of the key.

    Of tables that are read whole, all columns.
    """
    names = source.columns.names if source.is_whole else source.key
    time = f"coalesce({source.time}, timestamp '1970-01-01 00:00:00')"
    query = f"""
        select {", ".join(names)}
        from {source.table.qualified_name}
        where {time} >= ? and {time} <= ?
        order by fetched_at, batch_id
    """  # noqa: S608 - names of ours, values as parameters
    return query, [first.replace(tzinfo=None), last.replace(tzinfo=None)]


def microseconds(moment: datetime) -> int:
    """Return a time as microseconds since the epoch."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(source: Source) -> str:
    """Return SQL of the time that pages are ordered by; no table is without, but workspaces."""
    return f"coalesce({source.time}, timestamp_micros(0))" if source.is_whole else source.time


def _expression(source: Source, name: str) -> str:
    return source.expressions.get(name, name)


def _grouped(source: Source, space: str) -> str:
    """Return the end of a statement whose rows are summed up."""
    return f"{space}group by {', '.join(source.groups)}" if source.expressions else ""


def _selected(source: Source, column: Column, kind: pa.DataType) -> str:
    name, sql = column.name, _expression(source, column.name)
    if kind == TIMESTAMP:
        return f"unix_micros({sql}) as {name}"
    if column.kind in NESTED:
        return f"to_json({name}, map('ignoreNullFields', 'false')) as {name}"
    return name if sql == name else f"{sql} as {name}"


def _conditions(
    source: Source, scope: Scope, window: Window
) -> tuple[list[str], dict[str, tuple[str, str]]]:
    moment = source.pruned_time or _moment(source)
    conditions = [
        f"{moment} >= timestamp_micros(:start_time)",
        f"{moment} < timestamp_micros(:end_time)",
    ]
    parameters = {
        "start_time": (str(microseconds(window.start)), "BIGINT"),
        "end_time": (str(microseconds(window.end)), "BIGINT"),
    }
    if source.date is not None:
        conditions = [
            f"{source.date} >= :start_date",
            f"{source.date} <= :end_date",
            *conditions,
        ]
        parameters["start_date"] = (window.start.date().isoformat(), "DATE")
        last = window.end - timedelta(microseconds=1)
        parameters["end_date"] = (last.date().isoformat(), "DATE")
    if source.has_workspaces:
        conditions.append(_workspaces(scope.workspace_ids, parameters))
    if source.condition is not None:
        conditions.append(source.condition)
    if ":in_force_from" in (source.condition or ""):
        parameters["in_force_from"] = (str(microseconds(scope.in_force_from)), "BIGINT")
    return conditions, parameters


def _workspaces(ids: Sequence[str], parameters: dict[str, tuple[str, str]]) -> str:
    if not ids:
        return "workspace_id is not null"
    names = [f"workspace_{number}" for number in range(len(ids))]
    parameters.update({name: (id_, "STRING") for name, id_ in zip(names, ids, strict=True)})
    return f"workspace_id in ({', '.join(f':{name}' for name in names)})"
