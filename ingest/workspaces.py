"""Goes through workspaces: one that fails does not stop the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.client import GenieClient
from ingest.errors import FetchError, StoppedError, WorkspaceError
from ingest.fetching import failure
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, RunCounts, counted, utc_now
from ingest.text import canonical_json
from ingest.worklist import Workspace
from warehouse import Table
from warehouse.landing import FETCH_ATTEMPTS

OpenClient = Callable[[Workspace], GenieClient]


@dataclass(frozen=True, slots=True)
class Run:
    """What the services of one run share.

    Attributes:
        writer: Where rows go.
        counts: What the run did so far.
        privacy: What of persons is stored.
        stop: Set to end the run after what is in flight.
        report: Told how many of how many things of a workspace are done.
    """

    writer: BatchWriter
    counts: RunCounts
    privacy: Privacy
    stop: threading.Event
    report: Callable[[int, int], None]

    def store(self, table: Table, keys: Mapping[str, str], payload: Mapping[str, Any]) -> None:
        """Land one answer."""
        row = {**keys, "payload": canonical_json(payload), "fetched_at": utc_now()}
        self.writer.add(table, row)
        self.counts.rows += 1

    def attempt(self, resource: str, keys: Mapping[str, str], error: FetchError | None) -> None:
        """Note that a resource was fetched, or could not be; a whole unit of work ends here."""
        told = {"outcome": "fetched"} if error is None else failure(error)
        row = {**keys, **told, "resource": resource, "fetched_at": utc_now()}
        self.writer.add(FETCH_ATTEMPTS, self.privacy.attempt(row))
        self.counts.failed += error is not None
        self.writer.flush_if_full()


def visit(
    workspaces: Iterable[Workspace],
    open_client: OpenClient,
    run: Run,
    fetch: Callable[[GenieClient, Workspace], None],
) -> set[Workspace]:
    """Fetch from each workspace; what was fetched before a fault is written.

    Returns:
        The workspaces that could not be used, or not to the end; `run.counts.problems` says why.
    """
    failed: set[Workspace] = set()
    for workspace in workspaces:
        try:
            with counted(open_client(workspace), run.counts) as client:
                fetch(client, workspace)
        except WorkspaceError as error:
            run.counts.problems.append(f"{workspace.label}: {error}")
            failed.add(workspace)
        except StoppedError:
            return failed
        finally:
            run.writer.flush()
    return failed


def require_some(visited: int, failed: int, counts: RunCounts) -> None:
    """Fail if there was work and no workspace could be used.

    Raises:
        WorkspaceError: with the problem of each.
    """
    if failed == visited > 0 and not counts.rows:
        raise WorkspaceError("; ".join(counts.problems))
