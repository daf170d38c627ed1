"""Fetches the messages that the work list names, and lands them with one attempt row each."""

from __future__ import annotations

from dataclasses import replace

from ingest.client import GenieClient
from ingest.fetching import ConversationFetcher, Fetched
from ingest.landing import FETCH_ATTEMPTS, MESSAGES
from ingest.recording import utc_now
from ingest.text import canonical_json
from ingest.worklist import Filters, Workspace, read_conversations
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse

_ROUND = 10_000  # due messages planned at a time, so that a first load needs no memory to match


def fetch_messages(
    warehouse: Warehouse, open_client: OpenClient, run: Run, filters: Filters, workers: int
) -> None:
    """Fetch every due message once; what was fetched before a stop or a fault is kept.

    Args:
        warehouse: Where gold and landing are.
        open_client: Opens a workspace.
        run: What the run shares.
        filters: What of the work list to take.
        workers: Conversations fetched at a time from one workspace.

    Raises:
        WorkspaceError: there is work, and no workspace of it can be used.
    """
    failed: set[Workspace] = set()
    left, due_by, visited = filters.limit, utc_now(), 0
    while not run.stop.is_set() and (left is None or left > 0):
        planned = replace(
            filters,
            limit=_ROUND if left is None else min(_ROUND, left),
            due_by=due_by,
            except_workspaces=tuple(workspace.workspace_id for workspace in failed),
        )
        work = read_conversations(warehouse, planned)
        if not work:
            break
        visited += len(work)

        def fetch(client: GenieClient, workspace: Workspace) -> None:
            conversations = work[workspace]  # noqa: B023 - called before the next round
            fetcher = ConversationFetcher(client, conversations, workers=workers, stop=run.stop)
            done = 0
            for row in fetcher.rows():
                if isinstance(row, Fetched):
                    write_message(run, row)
                else:
                    done += 1
                    run.report(done, len(conversations))

        failed |= visit(work, open_client, run, fetch)
        if left is not None:
            left -= sum(len(c.due) for conversations in work.values() for c in conversations)
    require_some(visited, len(failed), run.counts)


def write_message(run: Run, row: Fetched) -> None:
    """Land an attempt and, where it brought one, the message."""
    run.writer.add(FETCH_ATTEMPTS, run.privacy.attempt(row.attempt))
    if row.message is None:
        run.counts.failed += 1
    else:
        run.counts.rows += 1
        keys = ("workspace_id", "space_id", "conversation_id", "message_id", "fetched_at")
        payload = {"payload": canonical_json(run.privacy.payload(row.message))}
        run.writer.add(MESSAGES, {key: row.attempt[key] for key in keys} | payload)
    run.writer.flush_if_full()
