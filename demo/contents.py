"""What one workspace holds: its part of the history, and what was written to it since."""

import threading
from dataclasses import replace

from demo.errors import not_found
from demo.model import Conversation, History, Message, Space


class Contents:
    """Spaces, conversations and messages to look up and to put; safe for threads.

    The history stays as it is: what is put takes the place of what it showed.
    """

    def __init__(self, history: History, workspace_id: str) -> None:
        """Index what belongs to the workspace."""
        self.workspace_id = workspace_id
        self._lock = threading.RLock()
        self._spaces: dict[str, Space] = {
            space.space_id: space
            for space in history.spaces
            if space.workspace.workspace_id == workspace_id
        }
        self._threads: dict[str, dict[str, list[Message]]] = {
            space_id: {} for space_id in self._spaces
        }
        for message in history.messages:
            threads = self._threads.get(message.conversation.space.space_id)
            if threads is not None:
                key = message.conversation.conversation_id
                threads.setdefault(key, []).append(message)

    def spaces(self) -> list[Space]:
        """Return every space, also those in the trash."""
        with self._lock:
            return list(self._spaces.values())

    def space(self, space_id: str) -> Space:
        """Return a space.

        Raises:
            ApiError: 404 if the workspace has no such space.
        """
        with self._lock:
            space = self._spaces.get(space_id)
        if space is None:
            raise not_found("Space", space_id)
        return space

    def conversations(self, space_id: str) -> list[Conversation]:
        """Return the conversations of a space, newest first, without deleted ones."""
        with self._lock:
            found = [messages[0].conversation for messages in self._threads[space_id].values()]
        found = [one for one in found if one.deleted_ms is None]
        return sorted(found, key=lambda one: (-one.created_ms, one.conversation_id))

    def conversation(self, space_id: str, conversation_id: str) -> Conversation:
        """Return a conversation.

        Raises:
            ApiError: 404 if the space has no such conversation, or no longer.
        """
        with self._lock:
            messages = self._threads[space_id].get(conversation_id)
            if messages is None or messages[0].conversation.deleted_ms is not None:
                raise not_found("Conversation", conversation_id)
            return messages[0].conversation

    def messages(self, space_id: str, conversation_id: str) -> list[Message]:
        """Return the messages of a conversation, oldest first, without deleted ones.

        Raises:
            ApiError: 404 if the space has no such conversation, or no longer.
        """
        with self._lock:
            self.conversation(space_id, conversation_id)
            messages = self._threads[space_id][conversation_id]
            return [message for message in messages if message.deleted_ms is None]

    def message(self, space_id: str, conversation_id: str, message_id: str) -> Message:
        """Return a message.

        Raises:
            ApiError: 404 if the conversation has no such message, or no longer.
        """
        for message in self.messages(space_id, conversation_id):
            if message.message_id == message_id:
                return message
        raise not_found("Message", message_id)

    def current(self, message: Message) -> Message:
        """Return what has become of a message since it was looked up.

        Raises:
            ApiError: 404 if it was deleted meanwhile.
        """
        thread = message.conversation
        return self.message(thread.space.space_id, thread.conversation_id, message.message_id)

    def turns(self, thread: Conversation) -> int:
        """Return how many messages a conversation ever had."""
        with self._lock:
            return len(self._threads[thread.space.space_id].get(thread.conversation_id, ()))

    def find_message(self, message_id: str) -> Message | None:
        """Return a message of any space, looking through all of them, or nothing."""
        with self._lock:
            threads = [thread for one in self._threads.values() for thread in one.values()]
            found = (one for thread in threads for one in thread if one.message_id == message_id)
            return next(found, None)

    def put_space(self, space: Space) -> None:
        """Show a space in the place of the one with its id."""
        with self._lock:
            self._spaces[space.space_id] = space

    def put_message(self, message: Message) -> None:
        """Show a message in the place of the one with its id, or as the last of its thread."""
        thread = message.conversation
        with self._lock:
            threads = self._threads[thread.space.space_id]
            messages = threads.setdefault(thread.conversation_id, [])
            for number, one in enumerate(messages):
                if one.message_id == message.message_id:
                    messages[number] = message
                    return
            messages.append(message)

    def delete_conversation(self, conversation: Conversation, at_ms: int) -> None:
        """Show a conversation and its messages no more."""
        with self._lock:
            messages = self._threads[conversation.space.space_id][conversation.conversation_id]
            gone = replace(conversation, deleted_ms=at_ms)
            messages[:] = [replace(one, conversation=gone, deleted_ms=at_ms) for one in messages]
