"""Takes content out of the landing tables that dbt says is too old to be kept.

A purged row takes the place of its original, one for one and with the same `fetched_at`, so that
what models derive from the number, the order and the times of rows stays as it was. Its batch is
new and marked: by the mark the models find it, and the view of what is to be purged leaves it out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from ingest.privacy import FREE_TEXT_COLUMNS, purged_json, purged_text
from ingest.recording import RunCounts, new_id, utc_now
from warehouse import Table, Transaction, Warehouse
from warehouse.landing import (
    AUDIT,
    CONVERSATIONS,
    EVAL_RESULTS,
    FETCH_ATTEMPTS,
    MESSAGE_COMMENTS,
    MESSAGES,
    QUERY_HISTORY,
)

CONTENT_TO_PURGE = "genie_analytics.genie_content_to_purge"
_RETENTION = "select content_retention_days from genie_analytics.genie_pipeline_validation"

_MARK = "-purged"  # the end of a batch id; macros/genie/is_purged.sql looks for it
_ROUND = 20_000  # resources read from the view at a time
_BATCH = 1_000  # resources of one transaction


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a landing table.

    Attributes:
        table: Where it is.
        key: Column that the view calls resource_key.
        texts: What becomes of the columns that hold it.
        identity: Columns that, with fetched_at, tell rows of a table apart.
    """

    table: Table
    key: str
    texts: Mapping[str, Callable[[str], str]]
    identity: tuple[str, ...]


def _payloads(table: Table, key: str, *more_keys: str) -> _Content:
    return _Content(table, key, {"payload": purged_json}, ("workspace_id", key, *more_keys))


_CONTENTS = (
    _payloads(MESSAGES, "message_id"),
    _payloads(CONVERSATIONS, "conversation_id"),
    _payloads(MESSAGE_COMMENTS, "comment_id", "message_id"),
    _payloads(EVAL_RESULTS, "result_id", "eval_run_id"),
    _Content(
        AUDIT,
        "event_id",
        {"request_params": purged_json, "response": purged_json},
        ("workspace_id", "event_id"),
    ),
    _Content(
        QUERY_HISTORY,
        "statement_id",
        dict.fromkeys(sorted(FREE_TEXT_COLUMNS & set(QUERY_HISTORY.columns.names)), purged_text),
        ("workspace_id", "statement_id"),
    ),
    _Content(
        FETCH_ATTEMPTS,
        "batch_id",
        {"error_message": purged_text},
        ("workspace_id", "resource", "resource_id", "space_id", "conversation_id", "message_id"),
    ),
)


def read_retention_days(warehouse: Warehouse) -> int | None:
    """Read for how many days content is kept; None keeps all."""
    days: int | None = warehouse.read(_RETENTION).to_pylist()[0]["content_retention_days"]
    return days


def count_content(warehouse: Warehouse) -> dict[str, int]:
    """Count, by landing table, the rows that are to be purged."""
    rows = warehouse.read(f"""
        select landing_table, cast(sum(landed_count) as bigint) as landed_count
        from {CONTENT_TO_PURGE}
        group by landing_table
        order by landing_table
    """).to_pylist()  # noqa: S608 - a name of ours
    return {row["landing_table"]: row["landed_count"] for row in rows}


def purge_content(
    warehouse: Warehouse,
    counts: RunCounts,
    stop: threading.Event,
    report: Callable[[int, int], None],
) -> dict[str, int]:
    """Purge everything that the view names; each transaction leaves whole resources behind.

    Args:
        warehouse: Where gold and landing are.
        counts: Told how many rows were purged.
        stop: Set to end after the transaction at work.
        report: Told how many of how many rows are done.

    Returns:
        The rows purged, by landing table.
    """
    total = sum(count_content(warehouse).values())
    purged: dict[str, int] = {}
    for content in _CONTENTS:
        for workspace_id, keys in _work(warehouse, content, stop):
            with warehouse.transaction() as transaction:
                rows = _purge(transaction, content, workspace_id, keys)
            purged[content.table.name] = purged.get(content.table.name, 0) + rows
            counts.rows += rows
            report(counts.rows, total)
    return purged


def _work(
    warehouse: Warehouse, content: _Content, stop: threading.Event
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the resources of a landing table, some of a workspace at a time, until none is left."""
    last: list[dict[str, str]] = []
    while not stop.is_set():
        found = warehouse.read(
            f"select workspace_id, resource_key from {CONTENT_TO_PURGE} where landing_table = ?"  # noqa: S608 - a name of ours
            f" order by workspace_id, resource_key limit {_ROUND}",
            [content.table.name],
        ).to_pylist()
        if not found or found == last:  # the same again would come for ever
            return
        last = found
        for workspace_id, rows in groupby(found, key=lambda row: row["workspace_id"]):
            keys = tuple(row["resource_key"] for row in rows)
            for start in range(0, len(keys), _BATCH):
                if stop.is_set():
                    return
                yield workspace_id, keys[start : start + _BATCH]


def _purge(
    transaction: Transaction, content: _Content, workspace_id: str, keys: tuple[str, ...]
) -> int:
    table, names = content.table, content.table.columns.names
    has_text = " or ".join(f"{name} is not null" for name in content.texts)
    rows = transaction.read(
        f"select {', '.join(names)} from {table.qualified_name}"  # noqa: S608 - names of ours
        f" where coalesce(workspace_id, '') = ? and batch_id not like ? and ({has_text})"
        f" and {content.key} in ({', '.join('?' for _ in keys)})",
        [workspace_id, f"%{_MARK}", *keys],
    )
    batch_id = new_id(utc_now()) + _MARK
    # by what was read, not by the condition: an ingester may have landed more of it since
    purged = _purged_rows(rows.cast(table.columns), content, batch_id)
    transaction.replace(table, purged, content.identity)
    return int(rows.num_rows)


def _purged_rows(rows: pa.Table, content: _Content, batch_id: str) -> pa.Table:
    for name, purge in content.texts.items():
        texts = [None if text is None else purge(text) for text in rows[name].to_pylist()]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts, pa.string()))
    batch = pa.repeat(pa.scalar(batch_id, pa.string()), rows.num_rows)
    return rows.set_column(rows.column_names.index("batch_id"), "batch_id", batch)
