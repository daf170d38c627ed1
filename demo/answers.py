"""The answer to a message: statements, text and suggestions, derived from its salt."""

import random
from dataclasses import dataclass

from demo.failures import SQL_FAILURE_TYPE
from demo.ids import hex_id, statement_id
from demo.model import Fate, Message

_OVERSIZED_KEYS = 5_600
_TRUNCATED_SHARE = 0.02
_STOPPED_SHARE = 0.5
_TEXT_SHARE = 0.6
_NAMELESS_TEXT_SHARE = 0.05
_PURPOSE_SHARE = 0.6
_SUGGESTED_SHARE = 0.85
_THOUGHTS_SHARE = 0.3
_PARAMETERS_SHARE = 0.03
_LIMIT_ROWS = 5_000
_SQL_ERROR = (
    "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name "
    "`total` cannot be resolved. SQLSTATE: 42703"
)
_DECLINES = (
    "I can only answer questions about the data in this space, and it holds nothing on that.",
    "I cannot help with changing data. I can show you the rows in question instead.",
)
_CLARIFICATIONS = (
    "Do you mean the calendar month or the last 30 days?",
    "Which amount do you mean: net, or with tax?",
)
_SUGGESTIONS = (
    "How does this compare with last year?",
    "Which regions stand out?",
    "Show the trend by week",
    "What drives the largest value?",
    "Which entries are missing data?",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of an answer; `status` is that of the query history."""

    statement_id: str
    attachment_id: str
    title: str
    description: str
    sql: str
    status: str
    error: str | None
    row_count: int
    is_truncated: bool
    start_ms: int
    end_ms: int
    parameters: tuple[tuple[str, str, str], ...]
    thoughts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """The text of an answer; older ones have no purpose, some no attachment id."""

    attachment_id: str | None
    content: str
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that a settled message shows beside the question."""

    statements: tuple[Statement, ...]
    text: Text | None
    suggestions: tuple[str, ...]
    suggestions_id: str


def answer(message: Message) -> Answer:
    """Return what Genie answered; equal for equal messages."""
    draws = random.Random(message.salt)
    statements = _statements(message, draws)
    return Answer(
        statements=statements,
        text=_text(message, statements, draws),
        suggestions=_suggestions(message, draws),
        suggestions_id=hex_id(message.message_id, "suggestions"),
    )


def _statements(message: Message, draws: random.Random) -> tuple[Statement, ...]:
    statuses = _statuses(message, draws)
    asked_ms = message.regenerated_ms or message.created_ms
    step_ms = (message.finished_ms - asked_ms) // (2 * len(statuses) + 1)
    return tuple(
        _statement(message, number, status, (asked_ms + (2 * number + 1) * step_ms, step_ms), draws)
        for number, status in enumerate(statuses)
    )


def _statuses(message: Message, draws: random.Random) -> tuple[str, ...]:
    draw = draws.random()
    if message.fate in (Fate.ANSWERED, Fate.EXPIRED):
        return ("FINISHED",)
    if message.fate is Fate.REPAIRED:
        return ("FAILED", "FINISHED")
    if message.fate is Fate.TWO_STEPS:
        return ("FINISHED", "FINISHED")
    if message.failure and message.failure.type == SQL_FAILURE_TYPE:
        return ("FAILED",)
    if message.fate is Fate.CANCELLED and draw < _STOPPED_SHARE:
        return ("CANCELED",)
    return ()


def _statement(
    message: Message, number: int, status: str, window: tuple[int, int], draws: random.Random
) -> Statement:
    start_ms, span_ms = window
    is_done = status == "FINISHED"
    is_truncated = is_done and draws.random() < _TRUNCATED_SHARE
    small = int(draws.lognormvariate(2.0, 1.2))
    description = f"You want to know: {message.question.question}"
    return Statement(
        statement_id=_statement_id(message, number),
        attachment_id=hex_id(message.message_id, "query", number),
        title=message.question.question.rstrip("?.")[:48],
        description=description,
        sql=_sql(message, number, status),
        status=status,
        error=_SQL_ERROR if status == "FAILED" else None,
        row_count=(_LIMIT_ROWS if is_truncated else small) if is_done else 0,
        is_truncated=is_truncated,
        start_ms=start_ms,
        end_ms=start_ms + max(1, int(span_ms * (0.3 + 0.7 * draws.random()))),
        parameters=_parameters(draws),
        thoughts=_thoughts(description, draws),
    )


def _statement_id(message: Message, number: int) -> str:
    parts = (message.message_id, "statement", number)
    # Another answer to the same question is another statement.
    again = (message.regenerated_ms,) if message.regenerated_ms is not None else ()
    return statement_id(*parts, *again)


def _sql(message: Message, number: int, status: str) -> str:
    sql = message.question.sql
    if message.is_oversized:
        keys = ", ".join(f"'SKU-{key:06d}'" for key in range(_OVERSIZED_KEYS))
        return _over("*", sql) + f"\nWHERE 'SKU-000001' IN ({keys})"
    if status == "FAILED":
        return _over("total", sql)
    if message.fate is Fate.TWO_STEPS and number == 0:
        return _over("COUNT(*) AS row_count", sql)
    return sql


def _over(columns: str, sql: str) -> str:
    return "\n".join((f"SELECT {columns}", "FROM (", sql, ") AS answer"))


def _parameters(draws: random.Random) -> tuple[tuple[str, str, str], ...]:
    if draws.random() > _PARAMETERS_SHARE:
        return ()
    return (("region", "STRING", "north"),)


def _thoughts(description: str, draws: random.Random) -> tuple[tuple[str, str], ...]:
    if draws.random() > _THOUGHTS_SHARE:
        return ()
    return (
        ("THOUGHT_TYPE_DESCRIPTION", description),
        ("THOUGHT_TYPE_DATA_SOURCING", "The facts of the space hold every column that it needs."),
        ("THOUGHT_TYPE_STEPS", "Filter the rows, group them, and sort by the measure."),
    )


def _text(message: Message, statements: tuple[Statement, ...], draws: random.Random) -> Text | None:
    draw, attachment_id = draws.random(), hex_id(message.message_id, "text")
    purpose = "TEXT_ATTACHMENT_PURPOSE_ANSWER" if draws.random() < _PURPOSE_SHARE else None
    if message.fate is Fate.CLARIFIED:
        return Text(attachment_id, draws.choice(_CLARIFICATIONS), "FOLLOW_UP_QUESTION")
    if message.fate is Fate.DECLINED:
        return Text(attachment_id, draws.choice(_DECLINES), purpose)
    if not statements or statements[-1].status != "FINISHED" or draw > _TEXT_SHARE:
        return None
    rows = statements[-1].row_count
    content = f"The answer has **{rows}** row{'' if rows == 1 else 's'}; see the table."
    # The main text of an answer comes without an attachment id now and then.
    return Text(None if draw < _NAMELESS_TEXT_SHARE else attachment_id, content, purpose)


def _suggestions(message: Message, draws: random.Random) -> tuple[str, ...]:
    if message.fate in (Fate.FAILED, Fate.CANCELLED) or draws.random() > _SUGGESTED_SHARE:
        return ()
    first = int(draws.random() * len(_SUGGESTIONS))
    return tuple(_SUGGESTIONS[(first + step) % len(_SUGGESTIONS)] for step in range(3))
