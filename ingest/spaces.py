"""Fetches the configuration of every Genie space that can be seen or is known from events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ingest.client import GenieClient, Json
from ingest.errors import FetchError, WorkspaceError
from ingest.text import canonical_json
from ingest.worklist import Workspace, read_spaces
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse
from warehouse.landing import SPACES

_DENIED = 403


def fetch_spaces(
    warehouse: Warehouse, open_client: OpenClient, run: Run, workspace_id: str | None
) -> None:
    """Land each space whose answer differs from its last landing; note every attempt.

    Raises:
        WorkspaceError: there are workspaces, and none of them can be used.
    """
    work = read_spaces(warehouse, workspace_id)

    def fetch(client: GenieClient, workspace: Workspace) -> None:
        known = work[workspace]
        space_ids = _space_ids(client, known)
        for number, space_id in enumerate(space_ids, start=1):
            if run.stop.is_set():
                return
            keys = {"workspace_id": workspace.workspace_id, "space_id": space_id}
            _fetch_space(client, keys, known.get(space_id), run)
            run.report(number, len(space_ids))

    failed = visit(work, open_client, run, fetch)
    require_some(len(work), len(failed), run.counts)


def _space_ids(client: GenieClient, known: Mapping[str, str | None]) -> list[str]:
    """List what is visible, and add what events name but the list does not show."""
    try:
        listed = [str(space["space_id"]) for space in client.list_spaces() if "space_id" in space]
    except FetchError as error:
        raise WorkspaceError(f"cannot list spaces: {error}") from error
    return list(dict.fromkeys([*listed, *known]))


def _fetch_space(
    client: GenieClient, keys: Mapping[str, str], last_digest: str | None, run: Run
) -> None:
    try:
        space = run.privacy.space(_get_space(client, keys["space_id"]))
    except FetchError as error:
        run.attempt("space", keys, error)
        return
    digest = hashlib.sha256(canonical_json(space).encode()).hexdigest()
    if digest != last_digest:
        run.store(SPACES, {**keys, "payload_sha256": digest}, space)
    run.attempt("space", keys, None)


def _get_space(client: GenieClient, space_id: str) -> Json:
    """Get a space, without its configuration where CAN EDIT is missing."""
    try:
        return client.get_space(space_id, with_configuration=True)
    except FetchError as error:
        if error.http_status != _DENIED:
            raise
        return client.get_space(space_id, with_configuration=False)
