"""What the audit log saw of a history: one event per call that someone made.

The actions of the web UI have no prefix, those of the public REST API start with `genie`.
"""

import json
import random
from collections.abc import Iterator
from typing import NamedTuple

from demo.answers import answer
from demo.ids import uuid_id
from demo.model import Channel, Conversation, Fate, History, Message, Principal, Space, Workspace

Events = Iterator["Event"]

BROWSERS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
)
_SCRIPT = "python-requests/2.32.5"
_SDK = "databricks-sdk-py/0.117.0 python/3.11.9 os/linux auth/oauth-m2m"
_SPLIT_SHARE = 0.15
_REFUSED_SHARE = 0.012
_MALFORMED_SHARE = 0.25
_SECOND_POLL_SHARE = 0.4
_RERUN_SHARE = 0.03
_REVIEW_SHARE = 0.005
_OPENED_SHARE = 0.3
_OBSERVED_SHARE = 0.05
_OLD_FEEDBACK_KEY_SHARE = 0.5
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY = 200, 400, 403, 429
_SUPPORT_EVENTS = 5
_SPACE_EDITS = 3


class Event(NamedTuple):
    """One row of the audit log before it takes the shape of the table."""

    at_ms: int
    action: str
    workspace: Workspace
    actor: Principal
    agent: str
    params: dict[str, str]
    request_id: str
    result: str | None = None
    status: int = _OK
    error: str | None = None
    service: str = "aibiGenie"


def space_events(space: Space) -> Events:
    """Yield the making of a space and its edits."""
    is_api = int(space.space_id[-1], 16) % 2 == 0
    create = "genieCreateSpace" if is_api else "createSpace"
    named = {"space_id": space.space_id}
    made = Event(
        space.created_ms,
        create,
        space.workspace,
        space.owner,
        _SCRIPT if is_api else BROWSERS[0],
        {"title": space.title},
        uuid_id(space.space_id, create),
        # Nobody can name a space that does not exist yet: its id is only in the result.
        json.dumps(named),
    )
    yield made
    for number in range(_SPACE_EDITS):
        yield made._replace(
            at_ms=space.created_ms + number * 9 * _DAY_MS + 7 * _MINUTE_MS,
            action="updateSpace",
            agent=BROWSERS[0],
            params=named,
            request_id=uuid_id(space.space_id, "updateSpace", number),
            result=None,
        )
    if space.trashed_ms is not None:
        yield made._replace(
            at_ms=space.trashed_ms,
            action="trashSpace",
            agent=BROWSERS[0],
            params=named,
            request_id=uuid_id(space.space_id, "trashSpace"),
            result=None,
        )


def listing_events(history: History, workspace: Workspace) -> Events:
    """Yield one listing of the spaces a day, by the asker."""
    for day in range(history.options.days):
        yield Event(
            history.options.start_ms + day * _DAY_MS + 300 * _MINUTE_MS,
            "genieListSpaces",
            workspace,
            history.asker,
            _SDK,
            {},
            uuid_id(workspace.workspace_id, "genieListSpaces", day),
        )


def eval_events(history: History) -> Events:
    """Yield the start of every evaluation run."""
    for run in history.eval_runs:
        named = {"space_id": run.space.space_id}
        yield Event(
            run.created_ms,
            "createEvaluationRun",
            run.space.workspace,
            run.run_by,
            BROWSERS[0],
            named,
            uuid_id(run.run_id, "createEvaluationRun"),
            json.dumps({"eval_run_id": run.run_id} | named),
        )


def support_events(history: History) -> Events:
    """Yield accesses by support staff, whose service is called `genie` and is not Genie."""
    workspace = history.workspaces[0]
    for number in range(_SUPPORT_EVENTS):
        at_ms = history.options.start_ms + (number + 1) * _DAY_MS // 2
        yield Event(
            at_ms,
            "databricksAccess",
            workspace,
            history.people[0],
            "",
            {"duration": "3600", "reason": "support case"},
            uuid_id(history.options.seed, "support", number),
            service="genie",
        )


def message_events(history: History, message: Message) -> Events:
    """Yield every call about one message, in no order; none is a minute before it."""
    draws = random.Random(message.salt ^ 0xA0D17)
    yield from _opening(message, draws)
    yield from _refusal(message, draws)
    yield from _ask(message, draws)
    yield from _reads(message, draws)
    yield from _ratings(message, draws)
    yield from _changes(message, draws)
    yield from _observations(history, message, draws)


def _call(
    message: Message, at_ms: int, action: str, params: dict[str, str], result: str | None = None
) -> Event:
    thread = message.conversation
    return Event(
        at_ms,
        action,
        thread.space.workspace,
        thread.author,
        _agent(thread),
        params,
        uuid_id(message.message_id, action, at_ms),
        result,
    )


def _agent(thread: Conversation) -> str:
    digit = int(thread.conversation_id[-1], 16)
    if thread.channel is Channel.UI:
        return BROWSERS[thread.author.user_id % len(BROWSERS)]
    return _SCRIPT if digit % 4 == 0 else _SDK


def _thread_params(message: Message) -> dict[str, str]:
    thread = message.conversation
    return {"space_id": thread.space.space_id, "conversation_id": thread.conversation_id}


def _message_params(message: Message) -> dict[str, str]:
    return _thread_params(message) | {"message_id": message.message_id}


def _opening(message: Message, draws: random.Random) -> Events:
    thread = message.conversation
    if message.turn or thread.channel is Channel.API:
        return
    named = {"space_id": thread.space.space_id}
    if draws.random() < _OPENED_SHARE:
        yield _call(message, message.created_ms - 4_000, "getSpace", named)
    result = json.dumps({"conversation_id": thread.conversation_id} | named)
    yield _call(message, thread.created_ms, "createConversation", named, result)


def _ask_action(message: Message) -> tuple[str, dict[str, str]]:
    if message.conversation.channel is Channel.UI:
        return "createConversationMessage", _thread_params(message)
    if message.turn:
        return "genieCreateConversationMessage", _thread_params(message)
    return "genieStartConversationMessage", {"space_id": message.conversation.space.space_id}


def _ask(message: Message, draws: random.Random) -> Events:
    action, params = _ask_action(message)
    user_id = message.conversation.author.user_id
    result = json.dumps(_message_params(message) | {"user_id": user_id})
    asked = _call(message, message.created_ms, action, params, result)
    if draws.random() < _SPLIT_SHARE:
        yield asked._replace(result=None)
        # The response comes later, under the same request id.
        asked = asked._replace(at_ms=message.created_ms + 350)
    yield asked


def _refusal(message: Message, draws: random.Random) -> Events:
    is_opening = not message.turn and message.conversation.channel is Channel.UI
    if is_opening or draws.random() > _REFUSED_SHARE:
        return
    action, params = _ask_action(message)
    status, error = (_TOO_MANY, "RESOURCE_EXHAUSTED: Too many questions; try again later.")
    if draws.random() < _MALFORMED_SHARE:
        status, error = (_BAD_REQUEST, "INVALID_PARAMETER_VALUE: The question is empty.")
    at_ms = message.created_ms - int(5_000 + 10_000 * draws.random())
    yield _call(message, at_ms, action, params)._replace(status=status, error=error)


def _reads(message: Message, draws: random.Random) -> Events:
    is_ui = message.conversation.channel is Channel.UI
    poll = "getConversationMessage" if is_ui else "genieGetConversationMessage"
    params = _message_params(message)
    yield _call(message, message.finished_ms + 200, poll, params)
    if draws.random() < _SECOND_POLL_SHARE:
        yield _call(message, message.created_ms + 1_500, poll, params)
    finished = [one for one in answer(message).statements if one.status == "FINISHED"]
    if not finished:
        return
    attached = params | {"attachment_id": finished[-1].attachment_id}
    read = "getMessageAttachmentQueryResult" if is_ui else "genieGetMessageAttachmentQueryResult"
    yield _call(message, message.finished_ms + 450, read, attached)
    if draws.random() < _RERUN_SHARE:
        run = "executeMessageAttachmentQuery"
        run = run if is_ui else "genieExecuteMessageAttachmentQuery"
        yield _call(message, message.finished_ms + 40 * _MINUTE_MS, run, attached)


def _ratings(message: Message, draws: random.Random) -> Events:
    for rating in message.ratings:
        params = _message_params(message)
        if rating.comment:
            params["comment"] = rating.comment
        if message.conversation.channel is Channel.UI:
            params["feedback_rating"] = rating.rating
            action = "updateConversationMessageFeedback"
        else:
            is_old = draws.random() < _OLD_FEEDBACK_KEY_SHARE
            params["feedback_rating" if is_old else "rating"] = rating.rating
            action = "genieSendMessageFeedback"
        yield _call(message, rating.at_ms, action, params)


def _changes(message: Message, draws: random.Random) -> Events:
    params = _message_params(message)
    if message.regenerated_ms is not None:
        action = "regenerateConversationMessage"
        yield _call(message, message.regenerated_ms, action, params)
    if message.fate is Fate.CANCELLED:
        yield _call(message, message.finished_ms - 200, "cancelMessage", params)
    if draws.random() < _REVIEW_SHARE:
        action = "createConversationMessageComment"
        at_ms = message.finished_ms + 3 * _MINUTE_MS
        yield _call(message, at_ms, action, params | {"comment_type": "REQUEST_REVIEW"})
    thread = message.conversation
    if message.deleted_ms is not None and message.deleted_ms != thread.deleted_ms:
        yield _call(message, message.deleted_ms, "deleteConversationMessage", params)
    if thread.deleted_ms is not None and message.turn == thread.turns - 1:
        yield _call(message, thread.deleted_ms, "deleteConversation", _thread_params(message))


def _observations(history: History, message: Message, draws: random.Random) -> Events:
    thread = message.conversation
    status = _FORBIDDEN if thread.space.is_restricted else _OK
    error = "PERMISSION_DENIED: No access to the space." if status == _FORBIDDEN else None
    seen = Event(
        message.finished_ms + 25 * _MINUTE_MS,
        "genieListConversationMessages",
        thread.space.workspace,
        history.observer,
        _SDK,
        _thread_params(message),
        uuid_id(message.message_id, "observed"),
        status=status,
        error=error,
    )
    if message.turn == thread.turns - 1:
        yield seen
    elif draws.random() < _OBSERVED_SHARE:
        yield seen._replace(action="genieGetConversationMessage", params=_message_params(message))
