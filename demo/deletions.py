"""Conversations that their authors deleted, as a whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from demo.ids import hex_id
from demo.model import HistoryOptions, Message

_LATER_MS = 40 * 60_000


def delete_conversations(options: HistoryOptions, messages: Iterable[Message]) -> list[Message]:
    """Return the messages with `deleted_conversations` of their threads deleted."""
    threads: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        threads[message.conversation.conversation_id].append(message)
    settled = [
        key
        for key, thread in threads.items()
        if not thread[0].is_in_flight and not thread[0].conversation.space.is_restricted
    ]
    chosen = sorted(settled, key=lambda key: hex_id(options.seed, "deleted", key))
    for key in chosen[: options.deleted_conversations]:
        threads[key] = _deleted(options, threads[key])
    return [message for thread in threads.values() for message in thread]


def _deleted(options: HistoryOptions, thread: list[Message]) -> list[Message]:
    last_ms = max(message.finished_ms for message in thread) + _LATER_MS
    deleted_ms = min(last_ms, options.end_ms - 1_000)
    conversation = replace(thread[0].conversation, deleted_ms=deleted_ms)
    return [
        replace(message, conversation=conversation, deleted_ms=message.deleted_ms or deleted_ms)
        for message in thread
    ]
