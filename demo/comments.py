"""Comments on messages: what people asked the owners of a space to look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.audit_events import message_events
from demo.ids import hex_id
from demo.model import History, Message, Principal

_REVIEW = "Please review this answer."


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment."""

    comment_id: str
    message: Message
    author: Principal
    content: str
    created_ms: int


def review_comments(history: History, message: Message) -> Iterator[Comment]:
    """Yield the comments of the history on a message: those that the audit log saw."""
    for event in message_events(history, message):
        if event.action == "createConversationMessageComment":
            comment_id = hex_id(message.message_id, "comment")
            yield Comment(comment_id, message, event.actor, _REVIEW, event.at_ms)


def comment_payload(comment: Comment) -> dict[str, Any]:
    """Return a GenieMessageComment."""
    thread = comment.message.conversation
    return {
        "space_id": thread.space.space_id,
        "conversation_id": thread.conversation_id,
        "message_id": comment.message.message_id,
        "message_comment_id": comment.comment_id,
        "content": comment.content,
        "created_timestamp": comment.created_ms,
        "user_id": comment.author.user_id,
    }
