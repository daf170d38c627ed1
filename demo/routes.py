"""What a workspace answers: a table of routes and one small handler for each that reads."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from demo import evals, lakeview, permissions, secret_scopes, writes
from demo.answers import answer
from demo.calls import Request
from demo.comments import comment_payload
from demo.errors import ApiError, bad_request, forbidden, not_a_query
from demo.model import Fate
from demo.payloads import conversation_payload, message_payload, space_payload
from demo.results import result_payload

Json = dict[str, Any]

_ID = r"[^/]+"
_SPACES = "/api/2.0/genie/spaces"
_STATEMENTS = "/api/2.0/sql/statements"
_SECRETS = "/api/2.0/secrets"
_PERMISSIONS = "/api/2.0/permissions"
_DASHBOARDS = "/api/2.0/lakeview/dashboards"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, the name under which its calls are counted, and its handler."""

    method: str
    pattern: re.Pattern[str]
    kind: str
    handler: Callable[[Request], Json]


def list_spaces(request: Request) -> Json:
    """Answer with the spaces that the caller may see."""
    visible = [space for space in request.contents.spaces() if request.shows(space)]
    return request.page("spaces", visible, space_payload)


def get_space(request: Request) -> Json:
    """Answer with one space, and to those who may edit it with its configuration."""
    space = request.space()
    is_full = _is_true(request, "include_serialized_space")
    if is_full and not request.can_manage:
        raise forbidden(space.space_id)
    return space_payload(space, with_serialized_space=is_full)


def list_conversations(request: Request) -> Json:
    """Answer with everybody's conversations to who may manage the space, or the caller's."""
    found = request.contents.conversations(request.space().space_id)
    if not (_is_true(request, "include_all") and request.can_manage):
        found = [one for one in found if one.author is request.act.actor]
    return request.page("conversations", found, conversation_payload)


def list_messages(request: Request) -> Json:
    """Answer with the messages of a conversation."""
    thread = request.conversation()
    found = request.contents.messages(thread.space.space_id, thread.conversation_id)
    return request.page("messages", found, lambda one: message_payload(one, request.act.at_ms))


def get_message(request: Request) -> Json:
    """Answer with one message."""
    return message_payload(request.message(), request.act.at_ms)


def get_query_result(request: Request) -> Json:
    """Answer with the rows of one query of a message."""
    message, attachment_id = request.message(), request.ids[3]
    is_running = message.is_in_flight and request.act.at_ms < message.finished_ms
    found = [one for one in answer(message).statements if one.attachment_id == attachment_id]
    if is_running or not found or found[0].status != "FINISHED":
        raise not_a_query(attachment_id)
    if message.fate is Fate.EXPIRED:
        raise bad_request("The result is no longer kept; execute the query again.")
    return result_payload(found[0])


def list_comments(request: Request) -> Json:
    """Answer with the comments on a message."""
    return request.page("comments", request.live.comments([request.message()]), comment_payload)


def list_conversation_comments(request: Request) -> Json:
    """Answer with the comments on all messages of a conversation."""
    thread = request.conversation()
    messages = request.contents.messages(thread.space.space_id, thread.conversation_id)
    return request.page("comments", request.live.comments(messages), comment_payload)


def execute_statement(request: Request) -> Json:
    """Answer an SQL statement on the system tables."""
    return request.statements.execute(request.body)


def get_statement(request: Request) -> Json:
    """Answer with a statement's state, and its first rows if it has succeeded."""
    return request.statements.get(request.ids[0])


def get_result_chunk(request: Request) -> Json:
    """Answer with a part of a statement's rows."""
    return request.statements.chunk(request.ids[0], request.ids[1])


def cancel_statement(request: Request) -> Json:
    """Cancel a statement."""
    return request.statements.cancel(request.ids[0])


def _is_true(request: Request, name: str) -> bool:
    return request.query.get(name, "false").lower() == "true"


def _route(
    method: str, path: str, handler: Callable[[Request], Json], under: str = _SPACES
) -> Route:
    pattern = re.compile(under + path.replace("*", f"({_ID})"))
    return Route(method, pattern, handler.__name__, handler)


_THREAD = "/*/conversations/*"
_MESSAGE = f"{_THREAD}/messages/*"
_RUN = "/*/eval-runs/*"
ROUTES: tuple[Route, ...] = (
    _route("GET", "", list_spaces),
    _route("GET", "/*", get_space),
    _route("PATCH", "/*", writes.update_space),
    _route("DELETE", "/*", writes.trash_space),
    _route("POST", "/*/start-conversation", writes.start_conversation),
    _route("GET", "/*/conversations", list_conversations),
    _route("DELETE", _THREAD, writes.delete_conversation),
    _route("GET", f"{_THREAD}/list-comments", list_conversation_comments),
    _route("GET", f"{_THREAD}/messages", list_messages),
    _route("POST", f"{_THREAD}/messages", writes.create_message),
    _route("GET", _MESSAGE, get_message),
    _route("DELETE", _MESSAGE, writes.delete_message),
    _route("POST", f"{_MESSAGE}/feedback", writes.send_feedback),
    _route("GET", f"{_MESSAGE}/comments", list_comments),
    _route("POST", f"{_MESSAGE}/comments", writes.create_comment),
    _route("GET", f"{_MESSAGE}/attachments/*/query-result", get_query_result),
    _route("GET", "/*/eval-runs", evals.list_eval_runs),
    _route("GET", _RUN, evals.get_eval_run),
    _route("GET", f"{_RUN}/results", evals.list_eval_results),
    _route("GET", f"{_RUN}/results/*", evals.get_eval_result),
    _route("GET", "/get", secret_scopes.get_secret, _SECRETS),
    _route("GET", "/scopes/list", secret_scopes.list_scopes, _SECRETS),
    _route("POST", "/scopes/create", secret_scopes.create_scope, _SECRETS),
    _route("POST", "/put", secret_scopes.put_secret, _SECRETS),
    _route("GET", "/acls/get", secret_scopes.get_acl, _SECRETS),
    _route("POST", "/acls/put", secret_scopes.put_acl, _SECRETS),
    _route("GET", "/*/*", permissions.get_permissions, _PERMISSIONS),
    _route("PATCH", "/*/*", permissions.update_permissions, _PERMISSIONS),
    _route("GET", "", lakeview.list_dashboards, _DASHBOARDS),
    _route("POST", "", lakeview.create_dashboard, _DASHBOARDS),
    _route("GET", "/*", lakeview.get_dashboard, _DASHBOARDS),
    _route("PATCH", "/*", lakeview.update_dashboard, _DASHBOARDS),
    _route("GET", "/*/published", lakeview.get_published, _DASHBOARDS),
    _route("POST", "/*/published", lakeview.publish_dashboard, _DASHBOARDS),
    _route("POST", "", execute_statement, _STATEMENTS),
    _route("GET", "/*", get_statement, _STATEMENTS),
    _route("GET", "/*/result/chunks/*", get_result_chunk, _STATEMENTS),
    _route("POST", "/*/cancel", cancel_statement, _STATEMENTS),
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
