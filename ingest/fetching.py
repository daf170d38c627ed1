"""Fetches conversations by several threads, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from ingest.client import PAGE_SIZE, GenieClient, Json
from ingest.errors import FetchError
from ingest.recording import BatchWriter, utc_now
from ingest.room import ClosedError, Room
from ingest.worklist import Conversation
from warehouse.text import scrub

_SECONDS_BELOW = 100_000_000_000  # an epoch below 1e11 can only be seconds
_UNKNOWN = 10  # messages beside the known ones for which a first page has room
_CHECK_SECONDS = 1.0  # how often a batch that nothing is added to is looked at for its age


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message that was fetched, or could not be (`message` is None)."""

    attempt: Mapping[str, Any]
    message: Json | None


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread has ended, by a fault or because there is no more to do."""

    error: Exception | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A thread waits for room: what is fetched is to be written."""


_Item = list[Fetched] | Conversation | _Ended | _Waiting


class ConversationFetcher:
    """Threads that fetch conversations, and the reader of what they fetch.

    What is asked for, fetched and not yet written fits into one batch of the writer, so that a
    process that is killed fetches at most one batch again.
    """

    def __init__(
        self,
        client: GenieClient,
        conversations: Sequence[Conversation],
        *,
        workers: int,
        writer: BatchWriter,
        stop: threading.Event,
    ) -> None:
        """Start nothing yet.

        Args:
            client: The workspace.
            conversations: What to fetch.
            workers: Threads, each with a conversation at a time.
            writer: Given every row that is read, by who reads it.
            stop: Set to begin no further conversation.
        """
        self._client = client
        self._waiting = iter(conversations)
        self._lock = threading.Lock()
        self._stop = stop
        self._writer = writer
        self._items: SimpleQueue[_Item] = SimpleQueue()  # bounded by the room
        self._room = Room(writer.max_messages, lambda: self._items.put(_Waiting()))
        self._running = workers

    def rows(self) -> Iterator[list[Fetched] | Conversation]:
        """Yield messages as they come, a page at a time, and each conversation when it is done.

        The reader adds the messages to the writer before it reads on. What was fetched before a
        fault is yielded before the fault is raised.

        Raises:
            WorkspaceError: the workspace cannot be used any more.
            StoppedError: the run was asked to stop while it waited.
        """
        for _ in range(self._running):
            threading.Thread(target=self._work, daemon=True).start()
        errors: list[Exception] = []
        unwritten = 0
        try:
            while self._running:
                item = self._next()
                if isinstance(item, list):
                    unwritten += len(item)
                    yield item
                elif isinstance(item, Conversation):
                    yield item
                elif isinstance(item, _Ended) and item.error is not None:
                    errors.append(item.error)
                unwritten = self._write(unwritten)
        finally:
            self._room.close()
            while self._running:  # the reader left early: let the threads put what they hold
                self._next()
        if errors:
            raise errors[0]

    def _write(self, unwritten: int) -> int:
        """Write the batch where its time has come, and make room for what was written."""
        if self._room.is_wanted and self._items.empty():
            self._writer.flush()
        else:
            self._writer.flush_if_full()
        if not self._writer.is_empty:
            return unwritten
        self._room.release(unwritten)
        return 0

    def _next(self) -> _Item | None:
        try:
            item = self._items.get(timeout=_CHECK_SECONDS)
        except Empty:
            return None
        self._running -= isinstance(item, _Ended)
        return item

    def _work(self) -> None:
        error: Exception | None = None
        try:
            while (conversation := self._take()) is not None:
                for rows in fetch_conversation(self._client, conversation, self._room):
                    self._items.put(rows)
                self._items.put(conversation)
        except ClosedError:
            pass  # who closed the room has told why
        except Exception as fault:  # noqa: BLE001 - raised again where the rows are read
            error = fault
            self._room.close()
        self._items.put(_Ended(error))

    def _take(self) -> Conversation | None:
        if self._stop.is_set() or self._room.is_closed:
            return None
        with self._lock:
            return next(self._waiting, None)


def fetch_conversation(
    client: GenieClient, conversation: Conversation, room: Room
) -> Iterator[list[Fetched]]:
    """Yield the due messages of a conversation, and those of its list that nobody knew.

    Each list that is yielded holds as much of the room as it has messages.

    Raises:
        WorkspaceError: the workspace cannot be used any more.
        ClosedError: the room was closed.
    """
    missing = dict.fromkeys(conversation.due)
    if conversation.is_listed:
        try:
            yield from _listed(client, conversation, missing, room)
        except FetchError as error:
            for message_id in missing:
                room.reserve(1)
                yield [_failed(conversation, message_id, error)]
            return
    # a message that the list does not show may still be there: only a get can tell
    for message_id in missing:
        room.reserve(1)
        yield [_get(client, conversation, message_id)]


def _listed(
    client: GenieClient, conversation: Conversation, missing: dict[str, None], room: Room
) -> Iterator[list[Fetched]]:
    """Yield what is wanted of each page of a list, and strike it from what is missing."""
    due = frozenset(missing)
    page_size = min(PAGE_SIZE, len(conversation.known) + _UNKNOWN, room.size)
    reserved = 0

    def reserve() -> None:
        nonlocal reserved
        room.reserve(page_size)
        reserved = page_size

    pages = client.list_messages(
        conversation.space_id,
        conversation.conversation_id,
        page_size=page_size,
        before_page=reserve,
    )
    try:
        for page in pages:
            rows = []
            for message in page:
                message_id = str(message.get("message_id") or message.get("id") or "")
                if message_id and _is_wanted(conversation, due, message_id, message):
                    missing.pop(message_id, None)
                    rows.append(fetched(conversation, message_id, message))
            room.release(reserved - len(rows))
            reserved = 0
            if rows:
                yield rows
    finally:
        room.release(reserved)


def _is_wanted(
    conversation: Conversation, due: frozenset[str], message_id: str, message: Json
) -> bool:
    """Whether a listed message is due, unknown, or other than when it was last fetched."""
    if message_id in due or message_id not in conversation.known:
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
