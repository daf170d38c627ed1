"""The work lists that dbt keeps, and the calls that they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pyarrow as pa

from ingest.client import PAGE_SIZE
from warehouse import Warehouse

_CHUNK_ROWS = 1_000

MESSAGES_TO_FETCH = "genie_analytics.genie_messages_to_fetch"
SPACES_TO_FETCH = "genie_analytics.genie_spaces_to_fetch"
COMMENTS_TO_FETCH = "genie_analytics.genie_comments_to_fetch"
CONVERSATIONS = "genie_analytics.genie_conversations"
EVAL_RUNS = "genie_analytics.genie_eval_runs"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the command line leaves of the work list; None means all."""

    workspace_id: str | None = None
    space_id: str | None = None
    limit: int | None = None
    due_by: datetime | None = None
    except_workspaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """How a message looked when it was last fetched."""

    status: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with messages that are due.

    Attributes:
        due: Ids of the messages to fetch, oldest first.
        known: Every known message of the conversation, as last seen.
    """

    workspace_id: str
    space_id: str
    conversation_id: str
    due: tuple[str, ...]
    known: Mapping[str, Seen]

    @property
    def pages(self) -> int:
        """Calls that listing the conversation takes, if it holds what is known of it."""
        return -(-len(self.known) // PAGE_SIZE)

    @property
    def is_listed(self) -> bool:
        """Whether listing is at most as many calls as getting the due messages one by one."""
        return self.pages <= len(self.due)

    @property
    def calls(self) -> int:
        """Calls that fetching takes."""
        return self.pages if self.is_listed else len(self.due)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace with work in it; the URL is None where none is known."""

    workspace_id: str
    name: str | None
    url: str | None

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return self.name or f"workspace {self.workspace_id}"


def read_conversations(
    warehouse: Warehouse, filters: Filters, *, at_most: int | None = None
) -> dict[Workspace, list[Conversation]]:
    """Read the messages that are due, grouped by workspace and conversation.

    Args:
        warehouse: Where gold is.
        filters: What of the work list to take.
        at_most: Take no further conversation once those taken have so many known messages. A
            conversation is taken whole, so that it is listed once.
    """
    rows = warehouse.read(*_message_query(filters, at_most))
    found: dict[Workspace, list[Conversation]] = {}
    for row_group in _grouped(_records(rows)):
        first = row_group[0]
        found.setdefault(_workspace(first), []).append(_conversation(row_group))
    return found


def _due(filters: Filters) -> tuple[str, list[Any]]:
    """Return the predicate of the messages to fetch, and its parameters."""
    conditions: list[str] = ["is_due"]
    parameters: list[Any] = []
    for column in ("workspace_id", "space_id"):
        value = getattr(filters, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    if filters.due_by is not None:
        conditions.append("(next_attempt_at is null or next_attempt_at <= ?)")
        parameters.append(filters.due_by.replace(tzinfo=None))
    for workspace_id in filters.except_workspaces:
        conditions.append("workspace_id <> ?")
        parameters.append(workspace_id)
    return " and ".join(conditions), parameters


def _message_query(filters: Filters, at_most: int | None) -> tuple[str, list[Any]]:
    """Select every message of the conversations that have due ones."""
    is_due, parameters = _due(filters)
    limit = "" if filters.limit is None else f" limit {int(filters.limit)}"
    bound = "" if at_most is None else f"where messages_before < {int(at_most)}"
    query = f"""
        with known as (
            select * from {MESSAGES_TO_FETCH}
        ),
        due as (
            select workspace_id, conversation_id, message_id, next_attempt_at
            from known
            where {is_due}
            order by next_attempt_at, message_id{limit}
        ),
        conversations as (
            select
                known.workspace_id,
                known.conversation_id,
                min(due.next_attempt_at) as first_due_at,
                count(*) as message_count
            from known
            left join due
                on known.workspace_id = due.workspace_id and known.message_id = due.message_id
            group by known.workspace_id, known.conversation_id
            having count(due.message_id) > 0
        ),
        counted as (
            select
                workspace_id,
                conversation_id,
                coalesce(sum(message_count) over (
                    order by first_due_at, workspace_id, conversation_id
                    rows between unbounded preceding and 1 preceding
                ), 0) as messages_before
            from conversations
        ),
        taken as (
            select workspace_id, conversation_id from counted {bound}
        )
        select
            known.workspace_id, known.workspace_name, known.workspace_url,
            known.space_id, known.conversation_id, known.message_id,
            known.message_status, known.message_updated_at,
            due.message_id is not null as is_due
        from known
        inner join taken
            on
                known.workspace_id = taken.workspace_id
                and known.conversation_id = taken.conversation_id
        left join due
            on known.workspace_id = due.workspace_id and known.message_id = due.message_id
        order by
            known.workspace_id, known.conversation_id, known.event_time, known.message_id
    """  # noqa: S608 - names of ours, values as parameters
    return query, parameters


def _records(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield rows as dicts, few of them at a time: they take ten times the memory of a table."""
    for batch in rows.to_batches(max_chunksize=_CHUNK_ROWS):
        yield from batch.to_pylist()


def _grouped(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for _, group in groupby(rows, key=lambda row: (row["workspace_id"], row["conversation_id"])):
        yield list(group)


def _conversation(rows: list[dict[str, Any]]) -> Conversation:
    return Conversation(
        workspace_id=rows[0]["workspace_id"],
        space_id=rows[0]["space_id"],
        conversation_id=rows[0]["conversation_id"],
        due=tuple(row["message_id"] for row in rows if row["is_due"]),
        known={
            row["message_id"]: Seen(row["message_status"], _utc(row["message_updated_at"]))
            for row in rows
        },
    )


def _utc(moment: datetime | None) -> datetime | None:
    """Engines give UTC without a zone."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def read_spaces(
    warehouse: Warehouse, workspace_id: str | None
) -> dict[Workspace, dict[str, str | None]]:
    """Read the workspaces to list and their known spaces, with the digest of the last landing."""
    rows = warehouse.read(*_by_workspace(SPACES_TO_FETCH, "payload_sha256", workspace_id))
    found: dict[Workspace, dict[str, str | None]] = {}
    for row in rows.to_pylist():
        spaces = found.setdefault(_workspace(row), {})
        if row["space_id"] is not None:
            spaces[row["space_id"]] = row["payload_sha256"]
    return found


def read_known_conversations(warehouse: Warehouse, workspace_id: str) -> dict[str, dict[str, bool]]:
    """Read, by space, the known conversations of a workspace, and which a listing must show.

    A listing shows our own conversations whatever we may do; with CAN MANAGE it shows those of
    others, unless they were deleted.
    """
    rows = warehouse.read(
        f"""
        select
            messages.space_id,
            messages.conversation_id,
            bool_or(
                messages.fetch_state <> 'gone'
                and coalesce(conversations.is_in_audit, false)
                and not conversations.is_own
                and conversations.deleted_at is null
            ) as is_to_be_listed
        from {MESSAGES_TO_FETCH} as messages
        left join {CONVERSATIONS} as conversations
            on
                messages.workspace_id = conversations.workspace_id
                and messages.conversation_id = conversations.conversation_id
        where
            messages.workspace_id = ?
            and messages.conversation_id is not null
            and messages.space_id is not null
        group by messages.space_id, messages.conversation_id
        """,  # noqa: S608 - names of ours, the value as parameter
        [workspace_id],
    )
    known: dict[str, dict[str, bool]] = {}
    for row in _records(rows):
        known.setdefault(row["space_id"], {})[row["conversation_id"]] = row["is_to_be_listed"]
    return known


def read_commented(
    warehouse: Warehouse, workspace_id: str | None
) -> dict[Workspace, list[tuple[str, str]]]:
    """Read the conversations (space, conversation) whose comments are to be fetched."""
    rows = warehouse.read(*_by_workspace(COMMENTS_TO_FETCH, "conversation_id", workspace_id))
    found: dict[Workspace, list[tuple[str, str]]] = {}
    for row in rows.to_pylist():
        found.setdefault(_workspace(row), []).append((row["space_id"], row["conversation_id"]))
    return found


def read_complete_eval_runs(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    """Read the digests of the benchmark runs of which everything is stored."""
    rows = warehouse.read(
        f"select workspace_id, eval_run_id, payload_sha256 from {EVAL_RUNS} where is_complete"  # noqa: S608 - a name of ours
    ).to_pylist()
    return {(row["workspace_id"], row["eval_run_id"]): row["payload_sha256"] for row in rows}


def _workspace(row: dict[str, Any]) -> Workspace:
    return Workspace(row["workspace_id"], row["workspace_name"], row["workspace_url"])


def _by_workspace(view: str, column: str, workspace_id: str | None) -> tuple[str, list[Any]]:
    query = f"""
        select workspace_id, workspace_name, workspace_url, space_id, {column}
        from {view}
        {"" if workspace_id is None else "where workspace_id = ?"}
        order by workspace_id, space_id, {column}
    """  # noqa: S608 - names of ours, the value as parameter
    return query, [] if workspace_id is None else [workspace_id]
