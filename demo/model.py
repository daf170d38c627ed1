"""What a history holds: frozen records that refer to each other.

A message keeps only what was decided about it; its attachments and statements follow from
`salt` on demand (`demo.answers`), so that a million messages fit into memory.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from demo.ids import to_ms
from demo.questions import Question, own_questions

OBSERVER_APPLICATION_ID = "6f3b2a54-0c1d-4e8a-9b77-2d5c81e0a4f6"
SETTLE_AFTER = timedelta(minutes=2)


class Channel(Enum):
    """Where a question was typed."""

    UI = "UI"
    API = "API"


class Fate(Enum):
    """What became of a question."""

    ANSWERED = "answered with one statement"
    REPAIRED = "the first statement failed, the second answered"
    TWO_STEPS = "answered with two statements"
    DECLINED = "refused: text only"
    CLARIFIED = "asked back: text only"
    FAILED = "failed"
    CANCELLED = "cancelled by its author"
    EXPIRED = "answered, but the result is no longer kept"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Databricks workspace; `workspace_id` is a decimal number as text."""

    workspace_id: str
    name: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who calls Databricks.

    Attributes:
        user_id: The int64 id that messages carry.
        name: E-mail of a person, application id (UUID) of a service principal, as in
            `user_identity.email` of the audit log.
        display_name: What people see.
        address: Source IP address.
    """

    user_id: int
    name: str
    display_name: str
    address: str


@dataclass(frozen=True, slots=True)
class Space:
    """A Genie space; `serialized_space` is JSON text as the API returns it.

    `trashed_ms` is when somebody moved it to the trash, if so.
    """

    space_id: str
    workspace: Workspace
    title: str
    description: str
    warehouse_id: str
    parent_path: str
    domain: str
    serialized_space: str
    owner: Principal
    created_ms: int
    tables: tuple[str, ...]
    is_restricted: bool
    trashed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread of questions by one author in one space; `deleted_ms` is of all of it."""

    conversation_id: str
    space: Space
    author: Principal
    channel: Channel
    title: str
    created_ms: int
    turns: int
    deleted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """One press of a thumb: POSITIVE, NEGATIVE, or NONE when it was taken back."""

    at_ms: int
    rating: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The `error` of a failed message; `type` is one of MessageErrorType."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One question and its answer.

    Attributes:
        turn: Position in the conversation, from 0.
        content: The text that was typed.
        finished_ms: When the answer was complete: `last_updated_timestamp`.
        deleted_ms: When it was deleted, if it was.
        regenerated_ms: When its author asked for another answer, if so.
        ratings: Every rating in order; the last one counts.
        is_in_flight: Answered only `SETTLE_AFTER` the end of the history.
        is_oversized: Its SQL is longer than 70,000 characters.
        salt: Seed of everything that follows from the message.
    """

    conversation: Conversation
    turn: int
    message_id: str
    question: Question
    content: str
    created_ms: int
    finished_ms: int
    fate: Fate
    failure: Failure | None
    deleted_ms: int | None
    regenerated_ms: int | None
    auto_regenerate_count: int
    ratings: tuple[Rating, ...]
    is_in_flight: bool
    is_oversized: bool
    salt: int


@dataclass(frozen=True, slots=True)
class EvalResult:
    """What came out for one benchmark question; unfinished ones have no assessment."""

    result_id: str
    benchmark_question_id: str
    question: str
    benchmark_answer: str
    status: str
    assessment: str | None
    reasons: tuple[str, ...]
    is_manual: bool
    actual_sql: str | None


@dataclass(frozen=True, slots=True)
class EvalRun:
    """A run of all benchmark questions of a space; before `finished_ms` it is running."""

    run_id: str
    space: Space
    run_by: Principal
    created_ms: int
    finished_ms: int
    status: str
    results: tuple[EvalResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """What history to build; equal options give equal histories.

    Attributes:
        end: The moment at which the history stops; must be UTC.
        messages: Questions asked; 0 leaves workspaces and spaces without any event.
        workspaces: At least 1.
        spaces: Dealt to the workspaces in turn; 0 leaves only workspaces.
        seed: Another seed, another history.
        days: Length of the history before `end`.
        questions: What is asked; the domains of the spaces follow from it.
        restricted_share: Share of the messages in a space that the observer may not see;
            needs 3 spaces.
        deleted_share: Share of the messages that their authors deleted.
        in_flight: Messages being answered at `end`; needs 50 messages.
        deleted_conversations: Conversations that their authors deleted as a whole.
        trashed_spaces: Spaces that were moved to the trash right before the end.
        turns: Questions of every conversation but the last and those in flight; None draws them.

    Raises:
        ValueError: An option is outside its range.
    """

    end: datetime
    messages: int = 2000
    workspaces: int = 2
    spaces: int = 6
    seed: int = 7
    days: int = 45
    questions: tuple[Question, ...] = field(default_factory=own_questions, repr=False)
    restricted_share: float = 0.02
    deleted_share: float = 0.003
    in_flight: int = 2
    deleted_conversations: int = 0
    trashed_spaces: int = 0
    turns: int | None = None

    def __post_init__(self) -> None:
        lowest = {"messages": 0, "workspaces": 1, "spaces": 0, "days": 1, "in_flight": 0}
        lowest |= {"deleted_conversations": 0, "trashed_spaces": 0}
        if self.turns is not None:
            lowest["turns"] = 1
        for name, minimum in lowest.items():
            if getattr(self, name) < minimum:
                raise ValueError(f"{name} must be at least {minimum}, not {getattr(self, name)}")
        for name in ("restricted_share", "deleted_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be from 0 to below 1, not {getattr(self, name)}")
        if self.end.utcoffset() != timedelta(0):
            raise ValueError(f"end must be in UTC, not {self.end.isoformat()}")
        if not self.questions:
            raise ValueError("questions must not be empty")

    @property
    def end_ms(self) -> int:
        """The end in epoch milliseconds."""
        return to_ms(self.end)

    @property
    def start_ms(self) -> int:
        """The first moment of the history in epoch milliseconds."""
        return to_ms(self.end - timedelta(days=self.days))

    @property
    def settled_ms(self) -> int:
        """When the messages in flight are answered, in epoch milliseconds."""
        return to_ms(self.end + SETTLE_AFTER)


@dataclass(frozen=True, slots=True)
class History:
    """A whole simulated account.

    Attributes:
        people: Those who ask in the UI; the first ones ask most.
        asker: The service principal of another team that asks by API.
        observer: Our own service principal, which only reads.
        messages: All of them, oldest first.
        eval_runs: Runs of benchmarks, oldest first.
    """

    options: HistoryOptions
    account_id: str
    workspaces: tuple[Workspace, ...]
    people: tuple[Principal, ...]
    asker: Principal
    observer: Principal
    spaces: tuple[Space, ...]
    messages: tuple[Message, ...]
    eval_runs: tuple[EvalRun, ...] = ()
