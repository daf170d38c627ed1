"""Fetches the configuration of every Genie space that can be seen or is known from events."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ingest.client import GenieClient, Json
from ingest.errors import FetchError, WorkspaceError
from ingest.fetching import failure
from ingest.landing import FETCH_ATTEMPTS, SPACES
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, RunCounts, recorded_run, utc_now
from ingest.text import canonical_json
from ingest.worklist import Workspace, read_spaces
from ingest.workspaces import OpenClient, require_some, visit
from warehouse import Warehouse

_DENIED = 403


def fetch_spaces(
    warehouse: Warehouse,
    open_client: OpenClient,
    *,
    workspace_id: str | None,
    privacy: Privacy,
    stop: threading.Event,
    report: Callable[[int, int], None],
) -> RunCounts:
    """Land each space whose answer differs from its last landing; note every attempt.

    Raises:
        WorkspaceError: there are workspaces, and none of them can be used.
    """
    with recorded_run(warehouse, "spaces") as counts:
        work = read_spaces(warehouse, workspace_id)
        writer = BatchWriter(warehouse)

        def fetch(client: GenieClient, workspace: Workspace) -> None:
            known = work[workspace]
            space_ids = _space_ids(client, known)
            for number, space_id in enumerate(space_ids, start=1):
                if stop.is_set():
                    return
                keys = {"workspace_id": workspace.workspace_id, "space_id": space_id}
                _fetch_space(client, keys, known.get(space_id), privacy, writer, counts)
                report(number, len(space_ids))

        failed = visit(work, open_client, writer, counts, fetch)
        counts.stopped = counts.stopped or stop.is_set()
        require_some(len(work), len(failed), counts)
    return counts


def _fetch_space(
    client: GenieClient,
    keys: Mapping[str, str],
    last_digest: str | None,
    privacy: Privacy,
    writer: BatchWriter,
    counts: RunCounts,
) -> None:
    try:
        space = privacy.space(_get_space(client, keys["space_id"]))
    except FetchError as error:
        attempt = {**keys, "resource": "space", "fetched_at": utc_now()}
        writer.add(FETCH_ATTEMPTS, privacy.attempt(attempt | failure(error)))
        counts.failed += 1
    else:
        _add_space(writer, keys, space, last_digest, counts)
    writer.flush_if_full()


def _space_ids(client: GenieClient, known: Mapping[str, str | None]) -> list[str]:
    """List what is visible, and add what events name but the list does not show."""
    try:
        listed = [str(space["space_id"]) for space in client.list_spaces() if "space_id" in space]
    except FetchError as error:
        raise WorkspaceError(f"cannot list spaces: {error}") from error
    return list(dict.fromkeys([*listed, *known]))


def _get_space(client: GenieClient, space_id: str) -> Json:
    """Get a space, without its configuration where CAN EDIT is missing."""
    try:
        return client.get_space(space_id, with_configuration=True)
    except FetchError as error:
        if error.http_status != _DENIED:
            raise
        return client.get_space(space_id, with_configuration=False)


def _add_space(
    writer: BatchWriter,
    keys: Mapping[str, str],
    space: Mapping[str, Any],
    last_digest: str | None,
    counts: RunCounts,
) -> None:
    payload = canonical_json(space)
    digest = hashlib.sha256(payload.encode()).hexdigest()
    now = utc_now()
    writer.add(
        FETCH_ATTEMPTS, {**keys, "resource": "space", "outcome": "fetched", "fetched_at": now}
    )
    if digest != last_digest:
        row = {**keys, "payload": payload, "payload_sha256": digest, "fetched_at": now}
        writer.add(SPACES, row)
        counts.rows += 1
