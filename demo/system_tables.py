"""Rows of the system tables that a history would have left behind.

Shapes follow `DESCRIBE EXTENDED` of system.access.audit (17 columns),
system.access.workspaces_latest (6) and system.query.history (44): structs and maps are nested
dicts, every value of `request_params` is text, times are ISO-8601 text in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from demo.audit_events import (
    Event,
    eval_events,
    listing_events,
    message_events,
    space_events,
    support_events,
)
from demo.ids import iso_ms, uuid_id
from demo.model import History, Principal
from demo.ordering import in_time_order
from demo.query_history import query_history_rows

__all__ = ["audit_row", "audit_rows", "query_history_rows", "workspaces_rows"]

Json = dict[str, Any]

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_REPEATED_OF_4096 = 4


def audit_rows(history: History) -> Iterator[Json]:
    """Yield system.access.audit by event time; a few rows come twice, as the log may do."""
    end_ms = history.options.end_ms
    for event in in_time_order(_batches(history), lambda event: event.at_ms):
        if event.at_ms > end_ms:
            return
        row = audit_row(history, event)
        yield row
        if int(event.request_id[-3:], 16) < _REPEATED_OF_4096:
            yield row


def workspaces_rows(history: History, urls: Mapping[str, str | None]) -> Iterator[Json]:
    """Yield system.access.workspaces_latest.

    Args:
        history: The account.
        urls: Address by workspace id; null where none is given.
    """
    for workspace in history.workspaces:
        yield {
            "account_id": history.account_id,
            "workspace_id": workspace.workspace_id,
            "workspace_name": workspace.name,
            "workspace_url": urls.get(workspace.workspace_id),
            "create_time": iso_ms(workspace.created_ms),
            "status": "RUNNING",
        }


def _batches(history: History) -> Iterator[tuple[int, Iterable[Event]]]:
    if not history.messages:
        return
    yield 0, chain.from_iterable(map(space_events, history.spaces))
    for workspace in history.workspaces:
        yield 0, listing_events(history, workspace)
    yield 0, support_events(history)
    yield 0, eval_events(history)
    for message in history.messages:
        yield message.created_ms - _MINUTE_MS, message_events(history, message)


def audit_row(history: History, event: Event) -> Json:
    """Return an event as a row of system.access.audit."""
    event_time = iso_ms(event.at_ms)
    return {
        "account_id": history.account_id,
        "workspace_id": event.workspace.workspace_id,
        "version": "2.0",
        "event_time": event_time,
        "event_date": event_time[:10],
        "source_ip_address": event.actor.address,
        "user_agent": event.agent,
        "session_id": uuid_id(event.actor.name, event.at_ms // _DAY_MS),
        "user_identity": {"email": event.actor.name, "subject_name": None},
        "service_name": event.service,
        "action_name": event.action,
        "request_id": event.request_id,
        "request_params": event.params,
        "response": {
            "status_code": event.status,
            "error_message": event.error,
            "result": event.result,
        },
        "audit_level": "WORKSPACE_LEVEL",
        "event_id": uuid_id(event.request_id, event.at_ms),
        "identity_metadata": _identity(event.actor),
    }


def _identity(actor: Principal) -> Json:
    return {
        "run_by": actor.name,
        "run_as": actor.name,
        "acting_resource": None,
        "run_by_display_name": actor.display_name,
        "run_as_display_name": actor.display_name,
    }
