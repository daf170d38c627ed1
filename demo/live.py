"""What happens while the workspaces are served: questions, ratings, edits and deletions.

Every act changes what a workspace shows and leaves its event for the audit log.
"""

import json
import random
import threading
from collections import defaultdict, deque
from dataclasses import replace
from typing import Any, NamedTuple

from demo.admin import Admin
from demo.audit_events import BROWSERS, Event
from demo.comments import Comment, review_comments
from demo.contents import Contents
from demo.conversations import titled
from demo.drafts import Dashboards
from demo.errors import too_many_questions
from demo.failures import draw_failure
from demo.faults import draw
from demo.ids import hex_id, uuid_id
from demo.model import (
    Channel,
    Conversation,
    EvalRun,
    Fate,
    History,
    Message,
    Principal,
    Rating,
    Space,
    Workspace,
)
from demo.questions import Question
from demo.rules import Rules

_MINUTE_MS = 60_000


class Act(NamedTuple):
    """Who acts, with what program, when, and whether by the public API or in the UI."""

    actor: Principal
    agent: str
    at_ms: int
    is_api: bool


def in_ui(person: Principal, at_ms: int) -> Act:
    """Return an act of somebody in a browser."""
    return Act(person, BROWSERS[person.user_id % len(BROWSERS)], at_ms, is_api=False)


class Live:
    """Carries out acts, one at a time; safe for threads.

    Attributes:
        observer: The service principal that only reads, unless it writes here.
        rules: Limits and speed.
        admin: Secret scopes and permissions.
        dashboards: AI/BI dashboards.
    """

    def __init__(self, history: History, rules: Rules) -> None:
        self.observer = history.observer
        self.rules = rules
        self.admin = Admin(rules)
        self.dashboards = Dashboards()
        self._history = history
        self._lock = threading.RLock()
        self._events: list[Event] = []
        self._asked: dict[str, deque[int]] = defaultdict(deque)
        self._answered: list[Message] = []
        self._comments: dict[str, list[Comment]] = {}

    def events(self) -> list[Event]:
        """Return what the audit log saw of all acts so far, oldest first."""
        with self._lock:
            return sorted(self._events, key=lambda event: event.at_ms)

    def answered(self) -> list[Message]:
        """Return every message that was to be answered, as it was put then."""
        with self._lock:
            return list(self._answered)

    def eval_runs(self, space_id: str, now_ms: int) -> list[EvalRun]:
        """Return the evaluation runs of a space that have begun, newest first."""
        return [
            run
            for run in reversed(self._history.eval_runs)
            if run.space.space_id == space_id and run.created_ms <= now_ms
        ]

    def ask(
        self, contents: Contents, space: Space, content: str, thread: Conversation | None, act: Act
    ) -> Message:
        """Ask a question, in a conversation or in a new one, and return its message.

        Raises:
            ApiError: 429 if the workspace takes no more questions by API this minute.
        """
        with self._lock:
            params = {"space_id": space.space_id}
            if thread is not None:
                params["conversation_id"] = thread.conversation_id
            action = _ask_action(is_first=thread is None, act=act)
            if act.is_api:
                self._limit(space.workspace, act, action, params)
            if thread is None:
                thread = self._open(space, content, act)
            params = _ids(thread) if not act.is_api else params
            message = self._message(contents, thread, content, act)
            result = {"message_id": message.message_id, "user_id": act.actor.user_id}
            self._log(space.workspace, act, action, params, _ids(thread) | result)
            contents.put_message(message)
            self._answered.append(message)
            return message

    def regenerate(self, contents: Contents, message: Message, act: Act) -> Message:
        """Have a message answered again and return it as it is now."""
        with self._lock:
            now = contents.current(message)
            again = replace(
                now,
                regenerated_ms=act.at_ms,
                finished_ms=self._finished_ms(act),
                auto_regenerate_count=now.auto_regenerate_count + 1,
                fate=Fate.ANSWERED,
                failure=None,
                is_in_flight=True,
                salt=self._salt(),
            )
            contents.put_message(again)
            self._answered.append(again)
            self._log_message(message, act, "regenerateConversationMessage")
            return again

    def rate(self, contents: Contents, message: Message, rating: Rating, act: Act) -> None:
        """Press a thumb."""
        with self._lock:
            now = contents.current(message)
            contents.put_message(replace(now, ratings=(*now.ratings, rating)))
            action, key = "updateConversationMessageFeedback", "feedback_rating"
            if act.is_api:
                action, key = "genieSendMessageFeedback", "rating"
            more = {key: rating.rating}
            self._log_message(message, act, action, more)

    def comment(self, message: Message, content: str, act: Act) -> Comment:
        """Write a comment on a message and return it."""
        with self._lock:
            comment_id = hex_id(message.message_id, "comment", len(self._events))
            comment = Comment(comment_id, message, act.actor, content, act.at_ms)
            self._comments.setdefault(message.message_id, []).append(comment)
            self._log_message(message, act, "createConversationMessageComment")
            return comment

    def comments(self, messages: list[Message]) -> list[Comment]:
        """Return the comments on messages: those of the history and then what was written."""
        with self._lock:
            return [
                comment
                for one in messages
                for comment in (
                    *review_comments(self._history, one),
                    *self._comments.get(one.message_id, ()),
                )
            ]

    def delete_message(self, contents: Contents, message: Message, act: Act) -> None:
        """Delete a message."""
        with self._lock:
            contents.put_message(replace(contents.current(message), deleted_ms=act.at_ms))
            self._log_message(message, act, "deleteConversationMessage")

    def delete_conversation(self, contents: Contents, thread: Conversation, act: Act) -> None:
        """Delete a conversation with all that is in it."""
        with self._lock:
            contents.delete_conversation(thread, act.at_ms)
            self._log(thread.space.workspace, act, "deleteConversation", _ids(thread))

    def trash_space(self, contents: Contents, space: Space, act: Act) -> None:
        """Move a space to the trash; it takes `forget_after` seconds to be gone."""
        with self._lock:
            now = contents.space(space.space_id)
            if now.trashed_ms is None:
                contents.put_space(replace(now, trashed_ms=act.at_ms))
            action = "genieTrashSpace" if act.is_api else "trashSpace"
            self._log(space.workspace, act, action, {"space_id": space.space_id})

    def edit_space(
        self, contents: Contents, space: Space, changes: dict[str, Any], act: Act
    ) -> Space:
        """Put other values into the fields of a space and return it as it is now."""
        with self._lock:
            edited = replace(contents.space(space.space_id), **changes)
            contents.put_space(edited)
            action = "genieUpdateSpace" if act.is_api else "updateSpace"
            self._log(space.workspace, act, action, {"space_id": space.space_id})
            return edited

    def _limit(self, workspace: Workspace, act: Act, action: str, params: dict[str, str]) -> None:
        asked = self._asked[workspace.workspace_id]
        while asked and asked[0] <= act.at_ms - _MINUTE_MS:
            asked.popleft()
        if len(asked) < self.rules.asks_per_minute:
            asked.append(act.at_ms)
            return
        oldest_ms = asked[0] if asked else act.at_ms
        error = too_many_questions(1 + (oldest_ms + _MINUTE_MS - act.at_ms) // 1000)
        self._log(workspace, act, action, params)
        self._events[-1] = self._events[-1]._replace(
            status=int(error.status), error=f"{error.code}: {error}"
        )
        raise error

    def _open(self, space: Space, content: str, act: Act) -> Conversation:
        thread = Conversation(
            conversation_id=hex_id(self._history.options.seed, "live", len(self._events)),
            space=space,
            author=act.actor,
            channel=Channel.API if act.is_api else Channel.UI,
            title=titled(content),
            created_ms=act.at_ms,
            turns=1,
        )
        if not act.is_api:
            named = {"space_id": space.space_id}
            self._log(space.workspace, act, "createConversation", named, dict(_ids(thread)))
        return thread

    def _message(self, contents: Contents, thread: Conversation, content: str, act: Act) -> Message:
        message_id = hex_id(thread.conversation_id, "live", len(self._events))
        is_failed = draw(self._history.options.seed, message_id) < self.rules.failed_share
        salt = self._salt()
        return Message(
            conversation=thread,
            turn=contents.turns(thread),
            message_id=message_id,
            question=self._question(thread.space.domain, content),
            content=content,
            created_ms=act.at_ms,
            finished_ms=self._finished_ms(act),
            fate=Fate.FAILED if is_failed else Fate.ANSWERED,
            failure=draw_failure(random.Random(salt)) if is_failed else None,
            deleted_ms=None,
            regenerated_ms=None,
            auto_regenerate_count=0,
            ratings=(),
            is_in_flight=True,
            is_oversized=False,
            salt=salt,
        )

    def _question(self, domain: str, content: str) -> Question:
        known = [one for one in self._history.options.questions if one.domain == domain]
        same = [one for one in known if one.question == content]
        chosen = same[0] if same else known[int(len(known) * draw(content))]
        return replace(chosen, question=content)

    def _finished_ms(self, act: Act) -> int:
        return act.at_ms + int(self.rules.answer_seconds * 1000)

    def _salt(self) -> int:
        return int(draw(self._history.options.seed, "salt", len(self._events)) * (1 << 48))

    def _log_message(
        self, message: Message, act: Act, action: str, more: dict[str, str] | None = None
    ) -> None:
        thread = message.conversation
        params = _ids(thread) | {"message_id": message.message_id} | (more or {})
        self._log(thread.space.workspace, act, action, params)

    def _log(
        self,
        workspace: Workspace,
        act: Act,
        action: str,
        params: dict[str, str],
        result: dict[str, Any] | None = None,
    ) -> None:
        request_id = uuid_id(self._history.options.seed, "live", len(self._events))
        self._events.append(
            Event(
                act.at_ms,
                action,
                workspace,
                act.actor,
                act.agent,
                params,
                request_id,
                json.dumps(result) if result else None,
            )
        )


def _ask_action(*, is_first: bool, act: Act) -> str:
    if not act.is_api:
        return "createConversationMessage"
    return "genieStartConversationMessage" if is_first else "genieCreateConversationMessage"


def _ids(thread: Conversation) -> dict[str, str]:
    return {"space_id": thread.space.space_id, "conversation_id": thread.conversation_id}
