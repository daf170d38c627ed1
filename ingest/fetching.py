"""Fetches conversations by several threads, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Queue
from typing import Any

from ingest.client import GenieClient, Json
from ingest.errors import FetchError
from ingest.recording import utc_now
from ingest.text import scrub
from ingest.worklist import Conversation

_SECONDS_BELOW = 100_000_000_000  # an epoch below 1e11 can only be seconds
_QUEUED_ROWS = 100  # fetched and not yet written; lost with the process, and fetched again


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message that was fetched, or could not be (`message` is None)."""

    attempt: Mapping[str, Any]
    message: Json | None


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread has ended, by a fault or because there is no more to do."""

    error: Exception | None


class ConversationFetcher:
    """Threads that fetch conversations into a queue, and the reader of that queue."""

    def __init__(
        self,
        client: GenieClient,
        conversations: Sequence[Conversation],
        *,
        workers: int,
        stop: threading.Event,
    ) -> None:
        """Start nothing yet.

        Args:
            client: The workspace.
            conversations: What to fetch.
            workers: Threads, each with a conversation at a time.
            stop: Set to begin no further conversation.
        """
        self._client = client
        self._waiting = iter(conversations)
        self._lock = threading.Lock()
        self._stop = stop
        self._halt = threading.Event()
        self._rows: Queue[Fetched | Conversation | _Ended] = Queue(_QUEUED_ROWS)
        self._running = workers

    def rows(self) -> Iterator[Fetched | Conversation]:
        """Yield messages as they come, and each conversation when it is done.

        What was fetched before a fault is yielded before the fault is raised.

        Raises:
            WorkspaceError: the workspace cannot be used any more.
            StoppedError: the run was asked to stop while it waited.
        """
        for _ in range(self._running):
            threading.Thread(target=self._work, daemon=True).start()
        errors: list[Exception] = []
        try:
            while self._running:
                row = self._next()
                if not isinstance(row, _Ended):
                    yield row
                elif row.error is not None:
                    errors.append(row.error)
        finally:
            self._halt.set()
            while self._running:  # the reader left early: let the threads put what they hold
                self._next()
        if errors:
            raise errors[0]

    def _next(self) -> Fetched | Conversation | _Ended:
        row = self._rows.get()
        self._running -= isinstance(row, _Ended)
        return row

    def _work(self) -> None:
        error: Exception | None = None
        try:
            while (conversation := self._take()) is not None:
                for row in fetch_conversation(self._client, conversation):
                    self._rows.put(row)
                self._rows.put(conversation)
        except Exception as fault:  # noqa: BLE001 - raised again where the rows are read
            error = fault
            self._halt.set()
        self._rows.put(_Ended(error))

    def _take(self) -> Conversation | None:
        if self._stop.is_set() or self._halt.is_set():
            return None
        with self._lock:
            return next(self._waiting, None)


def fetch_conversation(client: GenieClient, conversation: Conversation) -> Iterator[Fetched]:
    """Yield the due messages of a conversation, and those of its list that nobody knew.

    Raises:
        WorkspaceError: the workspace cannot be used any more.
    """
    missing = dict.fromkeys(conversation.due)
    if conversation.is_listed:
        try:
            for message in client.list_messages(
                conversation.space_id, conversation.conversation_id
            ):
                message_id = str(message.get("message_id") or message.get("id") or "")
                if message_id and _is_wanted(conversation, message_id, message):
                    missing.pop(message_id, None)
                    yield fetched(conversation, message_id, message)
        except FetchError as error:
            for message_id in missing:
                yield _failed(conversation, message_id, error)
            return
    # a message that the list does not show may still be there: only a get can tell
    for message_id in missing:
        yield _get(client, conversation, message_id)


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
    return fetched(conversation, message_id, message)


def fetched(conversation: Conversation, message_id: str, message: Json) -> Fetched:
    """Return a message with its row of fetch_attempts."""
    status = message.get("status")
    return Fetched(
        _attempt(conversation, message_id)
        | {
            "outcome": "fetched",
            "message_status": None if status is None else str(status),
            "message_updated_at": _moment(message.get("last_updated_timestamp")),
        },
        message,
    )


def _failed(conversation: Conversation, message_id: str, error: FetchError) -> Fetched:
    return Fetched(_attempt(conversation, message_id) | failure(error), None)


def failure(error: FetchError) -> dict[str, Any]:
    """Return the columns of fetch_attempts that tell of a fault."""
    return {
        "outcome": "failed",
        "http_status": error.http_status,
        "error_code": error.error_code,
        "error_message": scrub(str(error)),
    }


def _attempt(conversation: Conversation, message_id: str) -> dict[str, Any]:
    return {
        "resource": "message",
        "workspace_id": conversation.workspace_id,
        "space_id": conversation.space_id,
        "conversation_id": conversation.conversation_id,
        "message_id": message_id,
        "fetched_at": utc_now(),
    }


def _moment(epoch: object) -> datetime | None:
    """Milliseconds (or seconds, as some documented examples have) as a time; None if neither."""
    try:
        number = int(str(epoch))
        milliseconds = number if abs(number) >= _SECONDS_BELOW else number * 1000
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
