"""What the REST API lets its callers change: one small handler for each route."""

import json
from typing import Any

from demo.calls import Request
from demo.comments import comment_payload
from demo.errors import bad_request, conflict, forbidden
from demo.model import Conversation, Rating
from demo.payloads import etag_of, message_payload, space_payload

Json = dict[str, Any]

_RATINGS = ("POSITIVE", "NEGATIVE", "NONE")
_EDITABLE = ("title", "description", "warehouse_id", "parent_path", "serialized_space")


def start_conversation(request: Request) -> Json:
    """Ask the first question of a new conversation."""
    space = request.space()
    content = request.text("content")
    message = request.live.ask(request.contents, space, content, None, request.act)
    return {
        "message_id": message.message_id,
        "conversation_id": message.conversation.conversation_id,
        "conversation": _conversation(message.conversation),
        "message": message_payload(message, request.act.at_ms),
    }


def create_message(request: Request) -> Json:
    """Ask another question in one's own conversation."""
    thread = _own(request, request.conversation())
    space, content = request.space(), request.text("content")
    message = request.live.ask(request.contents, space, content, thread, request.act)
    return message_payload(message, request.act.at_ms)


def send_feedback(request: Request) -> Json:
    """Rate a message, or take a rating back."""
    message, rating = request.message(), request.text("rating")
    if rating not in _RATINGS:
        raise bad_request(f"rating must be one of {', '.join(_RATINGS)}, not {rating!r}.")
    pressed = Rating(request.act.at_ms, rating, request.body.get("comment"))
    request.live.rate(request.contents, message, pressed, request.act)
    return {}


def create_comment(request: Request) -> Json:
    """Write a comment on a message."""
    message, content = request.message(), request.text("content")
    return comment_payload(request.live.comment(message, content, request.act))


def delete_message(request: Request) -> Json:
    """Delete a message."""
    request.live.delete_message(request.contents, request.message(), request.act)
    return {}


def delete_conversation(request: Request) -> Json:
    """Delete a conversation."""
    request.live.delete_conversation(request.contents, request.conversation(), request.act)
    return {}


def trash_space(request: Request) -> Json:
    """Move a space to the trash."""
    request.live.trash_space(request.contents, request.managed_space(), request.act)
    return {}


def update_space(request: Request) -> Json:
    """Put other values into a space; its `serialized_space` is replaced as a whole."""
    space = request.managed_space()
    etag = request.body.get("etag")
    if etag and etag != etag_of(space):
        raise conflict(f"space {space.space_id}")
    changes = {key: _edited(request, key) for key in _EDITABLE if key in request.body}
    _check_config(changes.get("serialized_space"))
    edited = request.live.edit_space(request.contents, space, changes, request.act)
    return space_payload(edited)


def _edited(request: Request, key: str) -> str:
    is_removed = key == "description" and request.body[key] == ""
    return "" if is_removed else request.text(key)


def _own(request: Request, thread: Conversation) -> Conversation:
    if thread.author is not request.act.actor:
        raise forbidden(thread.space.space_id)
    return thread


def _check_config(text: str | None) -> None:
    if text is None:
        return
    try:
        config = json.loads(text)
    except json.JSONDecodeError:
        config = None
    if not isinstance(config, dict):
        raise bad_request("serialized_space must be a JSON object as text.")


def _conversation(thread: Conversation) -> Json:
    return {
        "id": thread.conversation_id,
        "space_id": thread.space.space_id,
        "conversation_id": thread.conversation_id,
        "title": thread.title,
        "user_id": thread.author.user_id,
        "created_timestamp": thread.created_ms,
        "last_updated_timestamp": thread.created_ms,
    }
