"""Fetches the messages that the work list names, and lands them with one attempt row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.client import GenieClient
from ingest.fetching import ConversationFetcher, Fetched
from ingest.recording import utc_now
from ingest.text import canonical_json
from ingest.worklist import Conversation, Filters, Workspace, read_conversations
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse
from warehouse.landing import FETCH_ATTEMPTS, MESSAGES

_ROUND = 10_000  # messages planned at a time, so that a first load needs no memory to match


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
            limit=left,
            due_by=due_by,
            except_workspaces=tuple(workspace.workspace_id for workspace in failed),
        )
        work = read_conversations(warehouse, planned, at_most=_ROUND)
        if not work:
            break
        visited += len(work)

        def fetch(client: GenieClient, workspace: Workspace) -> None:
            conversations = work[workspace]  # noqa: B023 - called before the next round
            land_conversations(run, client, conversations, workers, run.report)

        failed |= visit(work, open_client, run, fetch)
        planned_conversations = [one for each in work.values() for one in each]
        if sum(len(one.known) for one in planned_conversations) < _ROUND:
            break  # that was all
        if left is not None:
            left -= sum(len(one.due) for one in planned_conversations)
        warehouse.publish()  # the next round is what these attempts leave
    require_some(visited, len(failed), run.counts)


def land_conversations(
    run: Run,
    client: GenieClient,
    conversations: Sequence[Conversation],
    workers: int,
    report: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """Fetch conversations and land what is due or unknown of them.

    Raises:
        WorkspaceError: the workspace cannot be used any more.
        StoppedError: the run was asked to stop while it waited.
    """
    fetcher = ConversationFetcher(
        client, conversations, workers=workers, writer=run.writer, stop=run.stop
    )
    done = 0
    for item in fetcher.rows():
        if isinstance(item, Conversation):
            done += 1
            report(done, len(conversations))
        else:
            for row in item:
                write_message(run, row)


def write_message(run: Run, row: Fetched) -> None:
    """Add an attempt and, where it brought one, the message to the batch."""
    run.writer.add(FETCH_ATTEMPTS, run.privacy.attempt(row.attempt))
    if row.message is None:
        run.counts.failed += 1
        return
    run.counts.rows += 1
    keys = ("workspace_id", "space_id", "conversation_id", "message_id", "fetched_at")
    payload = {"payload": canonical_json(run.privacy.payload(row.message))}
    run.writer.add(MESSAGES, {key: row.attempt[key] for key in keys} | payload)
