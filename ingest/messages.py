"""Fetches the messages that the work list names, and lands them with one attempt row each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.client import GenieClient
from ingest.fetching import ConversationFetcher, Fetched
from ingest.landing import FETCH_ATTEMPTS, MESSAGES
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, RunCounts, recorded_run, utc_now
from ingest.text import canonical_json
from ingest.worklist import Conversation, Filters, Workspace, read_conversations
from ingest.workspaces import OpenClient, require_some, visit
from warehouse import Warehouse

_ROUND = 10_000  # due messages planned at a time, so that a first load needs no memory to match

Report = Callable[[int, int], None]


def fetch_messages(
    warehouse: Warehouse,
    open_client: OpenClient,
    filters: Filters,
    *,
    privacy: Privacy,
    workers: int,
    batch_rows: int,
    stop: threading.Event,
    report: Report,
) -> RunCounts:
    """Fetch every due message once; what was fetched before a stop or a fault is kept.

    Args:
        warehouse: Where gold and landing are.
        open_client: Opens a workspace.
        filters: What of the work list to take.
        privacy: What of persons is stored.
        workers: Conversations fetched at a time.
        batch_rows: Rows (payloads and attempts) that are written together.
        stop: Set to end the run after what is in flight.
        report: Told after each conversation how many of how many are done, as far as planned.

    Raises:
        WorkspaceError: there is work, and no workspace of it can be used.
    """
    with recorded_run(warehouse, "messages") as counts:
        writer = BatchWriter(warehouse, max_rows=batch_rows)
        run = _Run(writer, counts, privacy, workers, stop, report)
        failed: set[Workspace] = set()
        left, due_by = filters.limit, utc_now()
        visited = 0
        while not stop.is_set() and (left is None or left > 0):
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
            failed |= run.fetch(work, open_client)
            if left is not None:
                left -= sum(len(c.due) for conversations in work.values() for c in conversations)
        counts.stopped = counts.stopped or stop.is_set()
        require_some(visited, len(failed), counts)
    return counts


@dataclass(slots=True)
class _Run:
    writer: BatchWriter
    counts: RunCounts
    privacy: Privacy
    workers: int
    stop: threading.Event
    report: Report
    done: int = 0
    total: int = 0

    def fetch(
        self, work: dict[Workspace, list[Conversation]], open_client: OpenClient
    ) -> set[Workspace]:
        self.total += sum(map(len, work.values()))

        def fetch(client: GenieClient, workspace: Workspace) -> None:
            fetcher = ConversationFetcher(
                client, work[workspace], workers=self.workers, stop=self.stop
            )
            for row in fetcher.rows():
                if isinstance(row, Fetched):
                    self._write(row)
                else:
                    self.done += 1
                    self.report(self.done, self.total)

        return visit(work, open_client, self.writer, self.counts, fetch)

    def _write(self, row: Fetched) -> None:
        self.writer.add(FETCH_ATTEMPTS, self.privacy.attempt(row.attempt))
        if row.message is None:
            self.counts.failed += 1
        else:
            self.counts.rows += 1
            keys = ("workspace_id", "space_id", "conversation_id", "message_id", "fetched_at")
            payload = {"payload": canonical_json(self.privacy.payload(row.message))}
            self.writer.add(MESSAGES, {key: row.attempt[key] for key in keys} | payload)
        self.writer.flush_if_full()
