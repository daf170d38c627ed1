"""JSON bodies of the Genie REST API, with the keys and their order as the service sends them.

Keys without a value are absent. Times are epoch milliseconds, `user_id` is a number.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from demo.answers import Answer, Statement, Text, answer
from demo.model import Conversation, Fate, Message, Space

Json = dict[str, Any]

_STATUS = {
    Fate.FAILED: "FAILED",
    Fate.CANCELLED: "CANCELLED",
    Fate.EXPIRED: "QUERY_RESULT_EXPIRED",
}
_STEPS = (
    (0.0, "SUBMITTED"),
    (0.1, "FETCHING_METADATA"),
    (0.25, "ASKING_AI"),
    (0.6, "EXECUTING_QUERY"),
)
_LONGEST_THINKING_MS = 10_000


def message_payload(message: Message, now_ms: int) -> Json:
    """Return a GenieMessage as seen at `now_ms`."""
    body: Json = {
        "id": message.message_id,
        "space_id": message.conversation.space.space_id,
        "conversation_id": message.conversation.conversation_id,
        "user_id": message.conversation.author.user_id,
        "created_timestamp": message.created_ms,
    }
    if message.is_in_flight and now_ms < message.finished_ms:
        body |= _running(message, now_ms)
    else:
        body |= _settled(message)
    body["auto_regenerate_count"] = message.auto_regenerate_count
    body["message_id"] = message.message_id
    return body


def conversation_payload(conversation: Conversation) -> Json:
    """Return a GenieConversationSummary: it names neither author nor last change."""
    return {
        "conversation_id": conversation.conversation_id,
        "title": conversation.title,
        "created_timestamp": conversation.created_ms,
    }


def space_payload(space: Space, *, with_serialized_space: bool = False) -> Json:
    """Return a GenieSpace; its configuration and `etag` only if asked for."""
    body = {
        "space_id": space.space_id,
        "title": space.title,
        "description": space.description,
        "warehouse_id": space.warehouse_id,
        "parent_path": space.parent_path,
    }
    if with_serialized_space:
        body["serialized_space"] = space.serialized_space
        body["etag"] = etag_of(space)
    return body


def etag_of(space: Space) -> str:
    """Return what changes when the configuration of a space does, and only then."""
    return sha256(space.serialized_space.encode()).hexdigest()[:16]


def page_payload(key: str, entries: Sequence[Json], next_page_token: str | None) -> Json:
    """Return one page of a list; an empty one is {}."""
    body: Json = {key: list(entries)} if entries else {}
    if next_page_token:
        body["next_page_token"] = next_page_token
    return body


def _running(message: Message, now_ms: int) -> Json:
    started_ms = message.regenerated_ms or message.created_ms
    span_ms = min(message.finished_ms - started_ms, _LONGEST_THINKING_MS)
    begun = [(started_ms + int(share * span_ms), status) for share, status in _STEPS]
    since_ms, status = [step for step in begun if step[0] <= now_ms or step is begun[0]][-1]
    return {"last_updated_timestamp": since_ms, "status": status, "content": message.content}


def _settled(message: Message) -> Json:
    found = answer(message)
    body: Json = {
        "last_updated_timestamp": message.finished_ms,
        "status": _STATUS.get(message.fate, "COMPLETED"),
        "content": message.content,
    }
    attachments = _attachments(found)
    if attachments:
        body["attachments"] = attachments
    finished = [statement for statement in found.statements if statement.status == "FINISHED"]
    if finished:
        body["query_result"] = _query_result(finished[-1])
    if message.failure:
        body["error"] = {"error": message.failure.text, "type": message.failure.type}
    if message.ratings:
        body["feedback"] = _feedback(message)
    return body


def _feedback(message: Message) -> Json:
    last = message.ratings[-1]
    return {"rating": last.rating} | ({"comment": last.comment} if last.comment else {})


def _attachments(found: Answer) -> list[Json]:
    attachments = [_query_attachment(statement) for statement in found.statements]
    if found.text:
        attachments.append(_text_attachment(found.text))
    if found.suggestions:
        attachments.append(
            {
                "suggested_questions": {"questions": list(found.suggestions)},
                "attachment_id": found.suggestions_id,
            }
        )
    return attachments


def _query_attachment(statement: Statement) -> Json:
    query: Json = {
        "query": statement.sql,
        "description": statement.description,
        "title": statement.title,
    }
    if statement.parameters:
        query["parameters"] = [
            {"keyword": keyword, "sql_type": sql_type, "value": value}
            for keyword, sql_type, value in statement.parameters
        ]
    query["statement_id"] = statement.statement_id
    if statement.status == "FINISHED":
        query["query_result_metadata"] = _counts(statement)
    if statement.thoughts:
        query["thoughts"] = [
            {"thought_type": kind, "content": content} for kind, content in statement.thoughts
        ]
    return {"query": query, "attachment_id": statement.attachment_id}


def _text_attachment(text: Text) -> Json:
    body: Json = {"content": text.content}
    if text.purpose:
        body["purpose"] = text.purpose
    attachment: Json = {"text": body}
    if text.attachment_id:
        attachment["attachment_id"] = text.attachment_id
    return attachment


def _query_result(statement: Statement) -> Json:
    return {"statement_id": statement.statement_id} | _counts(statement)


def _counts(statement: Statement) -> Json:
    counts: Json = {"row_count": statement.row_count}
    if statement.is_truncated:
        counts["is_truncated"] = True
    return counts
