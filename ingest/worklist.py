"""The work lists that dbt keeps, and the calls that they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from ingest.client import PAGE_SIZE
from warehouse import Warehouse

MESSAGES_TO_FETCH = "genie_analytics.genie_messages_to_fetch"
SPACES_TO_FETCH = "genie_analytics.genie_spaces_to_fetch"


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
    warehouse: Warehouse, filters: Filters
) -> dict[Workspace, list[Conversation]]:
    """Read the messages that are due, grouped by workspace and conversation."""
    rows = warehouse.read(*_message_query(filters)).to_pylist()
    found: dict[Workspace, list[Conversation]] = {}
    for row_group in _grouped(rows):
        first = row_group[0]
        workspace = Workspace(
            first["workspace_id"], first["workspace_name"], first["workspace_url"]
        )
        found.setdefault(workspace, []).append(_conversation(row_group))
    return found


def _message_query(filters: Filters) -> tuple[str, list[Any]]:
    """Select every message of the conversations that have due ones."""
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
    limit = "" if filters.limit is None else f" limit {int(filters.limit)}"
    query = f"""
        with due as (
            select workspace_id, conversation_id, message_id
            from {MESSAGES_TO_FETCH}
            where {" and ".join(conditions)}
            order by next_attempt_at, message_id{limit}
        )
        select
            messages.workspace_id,
            messages.workspace_name,
            messages.workspace_url,
            messages.space_id,
            messages.conversation_id,
            messages.message_id,
            messages.message_status,
            messages.message_updated_at,
            due.message_id is not null as is_due
        from {MESSAGES_TO_FETCH} as messages
        left join due
            on messages.workspace_id = due.workspace_id and messages.message_id = due.message_id
        where (messages.workspace_id, messages.conversation_id) in (
            select (workspace_id, conversation_id) from due
        )
        order by
            messages.workspace_id,
            messages.conversation_id,
            messages.event_time,
            messages.message_id
    """  # noqa: S608 - names of ours, values as parameters
    return query, parameters


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
    query = f"""
        select workspace_id, workspace_name, workspace_url, space_id, payload_sha256
        from {SPACES_TO_FETCH}
        {"" if workspace_id is None else "where workspace_id = ?"}
        order by workspace_id, space_id
    """  # noqa: S608 - a name of ours, the value as parameter
    rows = warehouse.read(query, [] if workspace_id is None else [workspace_id]).to_pylist()
    found: dict[Workspace, dict[str, str | None]] = {}
    for row in rows:
        workspace = Workspace(row["workspace_id"], row["workspace_name"], row["workspace_url"])
        spaces = found.setdefault(workspace, {})
        if row["space_id"] is not None:
            spaces[row["space_id"]] = row["payload_sha256"]
    return found
