"""A call that has passed authentication, with what every handler needs of it."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from demo.contents import Contents
from demo.errors import bad_request, forbidden, trashed
from demo.live import Act, Live
from demo.model import Conversation, Message, Space
from demo.payloads import page_payload
from demo.statements import Statements

Json = dict[str, Any]
Item = TypeVar("Item")

_DEFAULT_PAGE, _LARGEST_PAGE = 20, 100


@dataclass(frozen=True, slots=True)
class Request:
    """A call; `ids` are the parts of its path in order, such as that of the space first."""

    contents: Contents
    live: Live
    statements: Statements
    ids: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    act: Act

    @property
    def can_manage(self) -> bool:
        """Whether the caller may see and change what others did in the space of the path."""
        by_rule = self.act.actor is self.live.observer and self.live.rules.observer_can_manage
        return by_rule or self.live.admin.manages(self.act.actor.name, self.ids[0])

    def shows(self, space: Space) -> bool:
        """Tell whether the caller may use a space, and nobody has trashed it a while ago."""
        return not self._is_closed(space) and not self._is_forgotten(space)

    def space(self) -> Space:
        """Return the space in the path.

        Raises:
            ApiError: 404 if there is none or it is in the trash, 403 without rights on it.
        """
        space = self.contents.space(self.ids[0])
        if self._is_forgotten(space):
            raise trashed(space.space_id)
        if self._is_closed(space):
            raise forbidden(space.space_id)
        return space

    def managed_space(self) -> Space:
        """Return the space in the path, if the caller may change it.

        Raises:
            ApiError: 404 as `space`, 403 without the right.
        """
        space = self.space()
        if not self.can_manage:
            raise forbidden(space.space_id)
        return space

    def conversation(self) -> Conversation:
        """Return the conversation in the path.

        Raises:
            ApiError: 404 if there is none, 403 if it is another one's and closed.
        """
        space_id = self.space().space_id
        found = self.contents.conversation(space_id, self.ids[1])
        if not self.can_manage and found.author is not self.act.actor:
            raise forbidden(space_id)
        return found

    def message(self) -> Message:
        """Return the message in the path.

        Raises:
            ApiError: As `conversation`.
        """
        thread = self.conversation()
        return self.contents.message(thread.space.space_id, thread.conversation_id, self.ids[2])

    def text(self, key: str) -> str:
        """Return a text that the body must have.

        Raises:
            ApiError: 400 if it has not, or an empty one.
        """
        value = self.body.get(key)
        if not isinstance(value, str) or not value.strip():
            raise bad_request(f"{key} must be a text that is not empty.")
        return value

    def page(self, key: str, items: Sequence[Item], render: Callable[[Item], Json]) -> Json:
        """Return the page of items that the query asks for.

        Raises:
            ApiError: 400 if its size or token is not valid.
        """
        size = _page_size(self.query.get("page_size"))
        start = _offset(self.query.get("page_token"), key, len(items))
        following = start + size
        token = _token(key, following) if following < len(items) else None
        return page_payload(key, [render(item) for item in items[start:following]], token)

    def _is_closed(self, space: Space) -> bool:
        is_stranger = space.is_restricted and self.act.actor is self.live.observer
        return is_stranger and not self.live.admin.manages(self.act.actor.name, space.space_id)

    def _is_forgotten(self, space: Space) -> bool:
        if space.trashed_ms is None:
            return False
        return self.act.at_ms >= space.trashed_ms + self.live.rules.forget_after * 1000


def _page_size(text: str | None) -> int:
    if text is None:
        return _DEFAULT_PAGE
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise bad_request(f"page_size must be from 1 to {_LARGEST_PAGE}, not {text!r}.")
    return int(text)


def _token(key: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{key}:{offset}".encode()).decode()


def _offset(token: str | None, key: str, count: int) -> int:
    if not token:
        return 0
    try:
        found, _, offset = base64.urlsafe_b64decode(token).decode().partition(":")
    except (binascii.Error, UnicodeError):
        found, offset = "", ""
    if found != key or not offset.isdecimal() or int(offset) > count:
        raise bad_request("page_token is not valid.")
    return int(offset)
