"""Fetches the messages that the work list names, and lands them with one attempt row each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.client import GenieClient, Json
from ingest.errors import FetchError, WorkspaceError
from ingest.landing import FETCH_ATTEMPTS, MESSAGES
from ingest.recording import BatchWriter, RunCounts, counted, recorded_run, utc_now
from ingest.text import canonical_json, scrub
from ingest.worklist import Conversation, Filters, Workspace, read_conversations
from warehouse import Warehouse

_SECONDS_BELOW = 100_000_000_000  # an epoch below 1e11 can only be seconds

OpenClient = Callable[[Workspace], GenieClient]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message that was fetched, or could not be (`payload` is None)."""

    attempt: Mapping[str, Any]
    payload: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Reported after each conversation."""

    conversations: int
    total_conversations: int
    counts: RunCounts


def fetch_messages(
    warehouse: Warehouse,
    open_client: OpenClient,
    filters: Filters,
    *,
    workers: int,
    stop: threading.Event,
    report: Callable[[Progress], None],
) -> RunCounts:
    """Fetch every due message; what was fetched before a stop or a fault is kept.

    Raises:
        WorkspaceError: there is work, and no workspace of it can be used.
    """
    with recorded_run(warehouse, "messages") as counts:
        work = read_conversations(warehouse, filters)
        total = sum(len(conversations) for conversations in work.values())
        done = 0
        writer = BatchWriter(warehouse)
        for workspace, conversations in work.items():
            try:
                with counted(open_client(workspace), counts) as client:
                    for rows in _fetch_all(client, conversations, workers, stop):
                        _record(writer, rows, counts)
                        done += 1
                        report(Progress(done, total, counts))
            except WorkspaceError as error:
                counts.problems.append(str(error))
                continue
            finally:
                writer.flush()
        counts.stopped = stop.is_set()
        if len(counts.problems) == len(work) > 0:
            raise WorkspaceError("; ".join(counts.problems))
    return counts


def _record(writer: BatchWriter, rows: list[Fetched], counts: RunCounts) -> None:
    for row in rows:
        writer.add(FETCH_ATTEMPTS, row.attempt)
        if row.payload is None:
            counts.failed += 1
            continue
        counts.rows += 1
        keys = ("workspace_id", "space_id", "conversation_id", "message_id", "fetched_at")
        writer.add(MESSAGES, {key: row.attempt[key] for key in keys} | {"payload": row.payload})
    writer.flush_if_full()


def _fetch_all(
    client: GenieClient, conversations: list[Conversation], workers: int, stop: threading.Event
) -> Iterator[list[Fetched]]:
    """Yield the rows of each conversation as it is done; few are in flight at a time."""
    waiting = iter(conversations)
    running: set[Future[list[Fetched]]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as pool:
        try:
            while True:
                while len(running) < workers * 2 and not stop.is_set():
                    conversation = next(waiting, None)
                    if conversation is None:
                        break
                    running.add(pool.submit(fetch_conversation, client, conversation))
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def fetch_conversation(client: GenieClient, conversation: Conversation) -> list[Fetched]:
    """Fetch the due messages of a conversation, and those of its list that nobody knew.

    Raises:
        CredentialsError: the workspace no longer accepts the credentials.
    """
    if not conversation.is_listed:
        return [_get(client, conversation, message_id) for message_id in conversation.due]
    rows: dict[str, Fetched] = {}
    try:
        for message in client.list_messages(conversation.space_id, conversation.conversation_id):
            message_id = str(message.get("message_id") or message.get("id") or "")
            if message_id and _is_wanted(conversation, message_id, message):
                rows[message_id] = _fetched(conversation, message_id, message)
    except FetchError as error:
        missing = (message_id for message_id in conversation.due if message_id not in rows)
        return [*rows.values(), *(_failed(conversation, m, error) for m in missing)]
    # a message that the list does not show may still be there: only a get can tell
    missing = (message_id for message_id in conversation.due if message_id not in rows)
    return [*rows.values(), *(_get(client, conversation, message_id) for message_id in missing)]


def _is_wanted(conversation: Conversation, message_id: str, message: Json) -> bool:
    """Whether a listed message is due, unknown, or other than when it was last fetched."""
    if message_id in conversation.due or message_id not in conversation.known:
        return True
    seen = conversation.known[message_id]
    version = (message.get("status"), _moment(message.get("last_updated_timestamp")))
    return seen.updated_at is not None and version != (seen.status, seen.updated_at)


def _get(client: GenieClient, conversation: Conversation, message_id: str) -> Fetched:
    try:
        message = client.get_message(
            conversation.space_id, conversation.conversation_id, message_id
        )
    except FetchError as error:
        return _failed(conversation, message_id, error)
    return _fetched(conversation, message_id, message)


def _fetched(conversation: Conversation, message_id: str, message: Json) -> Fetched:
    attempt = _attempt(conversation, message_id, outcome="fetched") | {
        "message_status": _text_or_none(message.get("status")),
        "message_updated_at": _moment(message.get("last_updated_timestamp")),
    }
    return Fetched(attempt, canonical_json(message))


def _failed(conversation: Conversation, message_id: str, error: FetchError) -> Fetched:
    attempt = _attempt(conversation, message_id, outcome="failed") | {
        "http_status": error.http_status,
        "error_code": error.error_code,
        "error_message": scrub(str(error)),
    }
    return Fetched(attempt, None)


def _attempt(conversation: Conversation, message_id: str, *, outcome: str) -> dict[str, Any]:
    return {
        "resource": "message",
        "workspace_id": conversation.workspace_id,
        "space_id": conversation.space_id,
        "conversation_id": conversation.conversation_id,
        "message_id": message_id,
        "outcome": outcome,
        "fetched_at": utc_now(),
    }


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(epoch: object) -> datetime | None:
    """Milliseconds (or seconds, as some documented examples have) as a time; None if neither."""
    try:
        number = int(str(epoch))
        milliseconds = number if abs(number) >= _SECONDS_BELOW else number * 1000
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
