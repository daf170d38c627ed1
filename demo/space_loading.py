"""Lands what daily fetches of the spaces would have left behind, so that their past can be seen.

The API shows a space as it is; only who looked before knows what it was.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pyarrow as pa

from demo.ids import hex_id
from demo.model import History
from demo.payloads import space_payload
from demo.space_edits import sightings
from warehouse import Table, Warehouse
from warehouse.landing import ALL_TABLES, FETCH_ATTEMPTS, SPACES

Rows = dict[Table, list[dict[str, Any]]]


def load_space_history(warehouse: Warehouse, history: History) -> int | None:
    """Land each version that the observer may see, and a note of every fetch, a batch a day.

    Do so before the first build: it looks for new batches some days back, not at all times.

    Returns:
        The versions landed; None if this history was loaded before.

    Raises:
        WarehouseError: they cannot be stored; nothing of them is.
    """
    key = hex_id(history.account_id, "spaces")[-8:]
    batches = _batches(history)
    warehouse.create_tables(ALL_TABLES)
    with warehouse.transaction() as transaction:
        known = f"select 1 from {FETCH_ATTEMPTS.qualified_name} where batch_id like ? limit 1"  # noqa: S608 - a name of ours
        if transaction.read(known, [f"%-{key}"]).num_rows:
            return None
        columns: dict[Table, list[pa.Table]] = {SPACES: [], FETCH_ATTEMPTS: []}
        for moment, rows in sorted(batches.items()):
            batch_id = f"{moment:%Y%m%dT%H%M%S.%fZ}-{key}"
            for table, parts in rows.items():
                stamped = [{**row, "fetched_at": moment, "batch_id": batch_id} for row in parts]
                columns[table].append(pa.Table.from_pylist(stamped, schema=table.columns))
        for table, tables in columns.items():
            if tables:
                transaction.append(table, pa.concat_tables(tables))
    warehouse.publish()
    return sum(len(rows[SPACES]) for rows in batches.values())


def _batches(history: History) -> dict[datetime, Rows]:
    batches: dict[datetime, Rows] = defaultdict(lambda: {SPACES: [], FETCH_ATTEMPTS: []})
    for space in history.spaces:
        if space.is_restricted:
            continue
        keys = {"workspace_id": space.workspace.workspace_id, "space_id": space.space_id}
        last = ""
        for at_ms, seen in sightings(history.options, space):
            batch = batches[datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)]
            payload = json.dumps(
                space_payload(seen, with_serialized_space=True),
                ensure_ascii=False,
                separators=(",", ":"),
            )
            if payload != last:
                digest = sha256(payload.encode()).hexdigest()
                batch[SPACES].append({**keys, "payload": payload, "payload_sha256": digest})
                last = payload
            batch[FETCH_ATTEMPTS].append({**keys, "resource": "space", "outcome": "fetched"})
    return batches
