"""What people do in the web UI while the workspaces are served."""

from collections.abc import Callable, Mapping
from typing import Any

from demo.contents import Contents
from demo.live import Act, Live, in_ui
from demo.model import History, Message, Principal, Rating, Space
from demo.query_history import statement_rows
from demo.system_tables import audit_row

Json = dict[str, Any]


class Browser:
    """Acts of people: what the public API has no path for, or not under these names.

    Every method raises `KeyError` where there is no such space, conversation or message.
    """

    def __init__(
        self,
        history: History,
        contents: Mapping[str, Contents],
        live: Live,
        now_ms: Callable[[], int],
    ) -> None:
        """Take what the workspaces show and the time."""
        self._history = history
        self._contents = contents
        self._live = live
        self._now_ms = now_ms

    def audit_rows(self) -> list[Json]:
        """Return rows of system.access.audit for every act so far, API and UI alike."""
        return [audit_row(self._history, event) for event in self._live.events()]

    def query_history_rows(self) -> list[Json]:
        """Return rows of system.query.history for the questions of these acts, as of now."""
        return list(statement_rows(self._history, self._live.answered(), self._now_ms()))

    def ask(
        self,
        space_id: str,
        content: str,
        *,
        conversation_id: str | None = None,
        author: Principal | None = None,
    ) -> Message:
        """Have somebody ask a question; without a conversation it opens one.

        Args:
            space_id: Where.
            content: The question.
            conversation_id: A conversation of the space.
            author: Who opens a conversation; the first of the people if not given.
        """
        contents, space = self._space(space_id)
        thread = None
        if conversation_id is not None:
            known = contents.conversations(space_id)
            thread = {one.conversation_id: one for one in known}[conversation_id]
        person = thread.author if thread else author or self._history.people[0]
        act = in_ui(person, self._now_ms())
        return self._live.ask(contents, space, content, thread, act)

    def regenerate(self, message_id: str) -> Message:
        """Have the author of a message ask for another answer."""
        contents, message = self._message(message_id)
        return self._live.regenerate(contents, message, self._by_author(message))

    def rate(self, message_id: str, rating: str, comment: str | None = None) -> None:
        """Have the author of a message rate it: POSITIVE, NEGATIVE or NONE."""
        contents, message = self._message(message_id)
        pressed = Rating(self._now_ms(), rating, comment)
        self._live.rate(contents, message, pressed, self._by_author(message))

    def delete_message(self, message_id: str) -> None:
        """Have the author of a message delete it."""
        contents, message = self._message(message_id)
        self._live.delete_message(contents, message, self._by_author(message))

    def delete_conversation(self, message_id: str) -> None:
        """Have the author of a message delete the conversation that it is in."""
        contents, message = self._message(message_id)
        thread = message.conversation
        self._live.delete_conversation(contents, thread, self._by_author(message))

    def edit_space(
        self,
        space_id: str,
        *,
        title: str | None = None,
        description: str | None = None,
        serialized_space: str | None = None,
    ) -> Space:
        """Have the owner of a space edit it."""
        contents, space = self._space(space_id)
        given = {
            "title": title,
            "description": description,
            "serialized_space": serialized_space,
        }
        changes = {key: value for key, value in given.items() if value is not None}
        act = in_ui(space.owner, self._now_ms())
        return self._live.edit_space(contents, space, changes, act)

    def trash_space(self, space_id: str) -> None:
        """Have the owner of a space move it to the trash."""
        contents, space = self._space(space_id)
        self._live.trash_space(contents, space, in_ui(space.owner, self._now_ms()))

    def _by_author(self, message: Message) -> Act:
        return in_ui(message.conversation.author, self._now_ms())

    def _space(self, space_id: str) -> tuple[Contents, Space]:
        for contents in self._contents.values():
            for space in contents.spaces():
                if space.space_id == space_id:
                    return contents, space
        raise KeyError(space_id)

    def _message(self, message_id: str) -> tuple[Contents, Message]:
        for contents in self._contents.values():
            found = contents.find_message(message_id)
            if found is not None and found.deleted_ms is None:
                return contents, found
        raise KeyError(message_id)
