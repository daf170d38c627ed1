"""Goes through workspaces: one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ingest.client import GenieClient
from ingest.errors import StoppedError, WorkspaceError
from ingest.recording import BatchWriter, RunCounts, counted
from ingest.worklist import Workspace

OpenClient = Callable[[Workspace], GenieClient]


def visit(
    workspaces: Iterable[Workspace],
    open_client: OpenClient,
    writer: BatchWriter,
    counts: RunCounts,
    fetch: Callable[[GenieClient, Workspace], None],
) -> set[Workspace]:
    """Fetch from each workspace; what was fetched before a fault is written.

    Returns:
        The workspaces that could not be used, or not to the end; `counts.problems` says why.
    """
    failed: set[Workspace] = set()
    for workspace in workspaces:
        try:
            with counted(open_client(workspace), counts) as client:
                fetch(client, workspace)
        except WorkspaceError as error:
            counts.problems.append(f"{workspace.label}: {error}")
            failed.add(workspace)
        except StoppedError:
            counts.stopped = True
            return failed
        finally:
            writer.flush()
    return failed


def require_some(visited: int, failed: int, counts: RunCounts) -> None:
    """Fail if there was work and no workspace could be used.

    Raises:
        WorkspaceError: with the problem of each.
    """
    if failed == visited > 0 and not counts.rows:
        raise WorkspaceError("; ".join(counts.problems))
