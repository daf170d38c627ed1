"""What a workspace answers: a table of routes and one small handler for each.

Errors are Databricks' own: {"error_code", "message", "details"}.

    ApiError            an answer that is not 2xx
    |-- bad_request     400 INVALID_PARAMETER_VALUE
    |-- unauthenticated 401 UNAUTHENTICATED
    |-- forbidden       403 PERMISSION_DENIED
    `-- not_found       404 RESOURCE_DOES_NOT_EXIST
"""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from demo.model import Conversation, History, Message, Space
from demo.payloads import conversation_payload, message_payload, page_payload, space_payload

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]
Item = TypeVar("Item")

_ID = r"[^/]+"
_SPACES = "/api/2.0/genie/spaces"
_DEFAULT_PAGE, _LARGEST_PAGE = 20, 100


class ApiError(Exception):
    """An answer of the API other than success."""

    def __init__(self, status: HTTPStatus, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def payload(self) -> Json:
        """Return the body, with a request id of its own."""
        info = {
            "@type": "type.googleapis.com/google.rpc.RequestInfo",
            "request_id": str(uuid.uuid4()),
            "serving_data": "",
        }
        return {"error_code": self.code, "message": str(self), "details": [info]}


def bad_request(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)


def unauthenticated() -> ApiError:
    """Return a 401: no token, a wrong one, or one that has expired."""
    return ApiError(
        HTTPStatus.UNAUTHORIZED,
        "UNAUTHENTICATED",
        "Credential was not sent, is invalid or has expired.",
    )


def forbidden(space_id: str) -> ApiError:
    """Return a 403: the caller has no rights on the space."""
    return ApiError(
        HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", f"You need more permissions on space {space_id}."
    )


def not_found(kind: str, identifier: str) -> ApiError:
    """Return a 404: there is no such thing, or no longer."""
    return ApiError(
        HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", f"{kind} {identifier} does not exist."
    )


class Contents:
    """The spaces, conversations and messages of one workspace, ready to look up."""

    def __init__(self, history: History, workspace_id: str) -> None:
        """Index what belongs to the workspace."""
        self.workspace_id = workspace_id
        self.spaces: dict[str, Space] = {
            space.space_id: space
            for space in history.spaces
            if space.workspace.workspace_id == workspace_id
        }
        self._threads: dict[str, dict[str, list[Message]]] = {
            space_id: {} for space_id in self.spaces
        }
        for message in history.messages:
            threads = self._threads.get(message.conversation.space.space_id)
            if threads is not None:
                key = message.conversation.conversation_id
                threads.setdefault(key, []).append(message)

    def space(self, space_id: str) -> Space:
        """Return a space that the caller may see.

        Raises:
            ApiError: 404 if the workspace has no such space, 403 without rights on it.
        """
        space = self.spaces.get(space_id)
        if space is None:
            raise not_found("Space", space_id)
        if space.trashed_ms is not None:
            raise not_found("Space", space_id)
        if space.is_restricted:
            raise forbidden(space_id)
        return space

    def conversations(self, space_id: str) -> list[Conversation]:
        """Return the conversations of a space, newest first."""
        threads = self._threads[space_id].values()
        found = [messages[0].conversation for messages in threads]
        found = [one for one in found if one.deleted_ms is None]
        return sorted(found, key=lambda one: (-one.created_ms, one.conversation_id))

    def messages(self, space_id: str, conversation_id: str) -> list[Message]:
        """Return the messages of a conversation, oldest first, without deleted ones.

        Raises:
            ApiError: 404 if the space has no such conversation.
        """
        messages = self._threads[space_id].get(conversation_id)
        if messages is None or messages[0].conversation.deleted_ms is not None:
            raise not_found("Conversation", conversation_id)
        return [message for message in messages if message.deleted_ms is None]


@dataclass(frozen=True, slots=True)
class Request:
    """A call that has passed authentication; `ids` are the parts of its path in order."""

    contents: Contents
    ids: tuple[str, ...]
    query: Mapping[str, str]
    now_ms: int


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, the name under which its calls are counted, and its handler."""

    method: str
    pattern: re.Pattern[str]
    kind: str
    handler: Callable[[Request], Json]


def list_spaces(request: Request) -> Json:
    """Answer with the spaces that the caller may see."""
    visible = [
        space
        for space in request.contents.spaces.values()
        if not space.is_restricted and space.trashed_ms is None
    ]
    return _page(request, "spaces", visible, space_payload)


def get_space(request: Request) -> Json:
    """Answer with one space, and its configuration if asked for."""
    is_full = request.query.get("include_serialized_space", "false").lower() == "true"
    return space_payload(request.contents.space(request.ids[0]), with_serialized_space=is_full)


def list_conversations(request: Request) -> Json:
    """Answer with everybody's conversations, or only the caller's: the observer has none."""
    space = request.contents.space(request.ids[0])
    is_all = request.query.get("include_all", "false").lower() == "true"
    found = request.contents.conversations(space.space_id) if is_all else []
    return _page(request, "conversations", found, conversation_payload)


def list_messages(request: Request) -> Json:
    """Answer with the messages of a conversation."""
    space_id = request.contents.space(request.ids[0]).space_id
    found = request.contents.messages(space_id, request.ids[1])
    return _page(request, "messages", found, lambda one: message_payload(one, request.now_ms))


def get_message(request: Request) -> Json:
    """Answer with one message."""
    space_id = request.contents.space(request.ids[0]).space_id
    for message in request.contents.messages(space_id, request.ids[1]):
        if message.message_id == request.ids[2]:
            return message_payload(message, request.now_ms)
    raise not_found("Message", request.ids[2])


def _route(path: str, handler: Callable[[Request], Json]) -> Route:
    pattern = re.compile(_SPACES + path.replace("*", f"({_ID})"))
    return Route("GET", pattern, handler.__name__, handler)


ROUTES: tuple[Route, ...] = (
    _route("", list_spaces),
    _route("/*", get_space),
    _route("/*/conversations", list_conversations),
    _route("/*/conversations/*/messages", list_messages),
    _route("/*/conversations/*/messages/*", get_message),
)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route of a call and the ids in its path.

    Raises:
        ApiError: 404 ENDPOINT_NOT_FOUND if there is none.
    """
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groups()
    raise ApiError(HTTPStatus.NOT_FOUND, "ENDPOINT_NOT_FOUND", f"No API found for {method} {path}")


def _page(
    request: Request, key: str, items: Sequence[Item], render: Callable[[Item], Json]
) -> Json:
    size = _page_size(request.query.get("page_size"))
    start = _offset(request.query.get("page_token"), key, len(items))
    following = start + size
    token = _token(key, following) if following < len(items) else None
    return page_payload(key, [render(item) for item in items[start:following]], token)


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
