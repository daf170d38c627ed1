"""What is fetched, what waits and why: read from gold, nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest.worklist import MESSAGES_TO_FETCH
from warehouse import Warehouse

# `attempts` apart: the error text of a reason may hold ids, its type does not
_STATES = f"""
    select
        fetch_state,
        case when fetch_state in ('retry', 'waiting', 'gave_up')
            then split_part(reason, ':', 1) else reason end as reason,
        count(*) as messages,
        min(next_attempt_at) as next_attempt_at
    from {MESSAGES_TO_FETCH}
    group by 1, 2
    order by messages desc, fetch_state, reason
"""  # noqa: S608 - a name of ours

_RECENT_ERRORS = """
    select error_type, count(*) as messages
    from genie_analytics.message_fetch_errors
    where error_timestamp >= ? and not resolved
    group by 1
    order by 1
"""

_VALIDATION = "select * from genie_analytics.genie_pipeline_validation"


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the feed.

    Attributes:
        states: Rows of fetch_state, reason, messages, next_attempt_at.
        recent_errors: Rows of error_type, messages: unresolved, of the last day.
        validation: The one row of genie_pipeline_validation.
    """

    states: list[dict[str, Any]]
    recent_errors: list[dict[str, Any]]
    validation: dict[str, Any]

    def checks(self) -> dict[str, str]:
        """Return the four health checks: messages to fetch, ingested, errors, gap."""
        row = self.validation
        errors = ", ".join(f"{e['messages']} {e['error_type']}" for e in self.recent_errors)
        return {
            "messages to fetch": f"{row['due_count']} due, {row['waiting_count']} waiting",
            "ingested": f"{row['fetched_count']} of {row['message_count']} messages",
            "errors of the last day": errors or "none",
            "gap": f"{row['missing_count']} messages in the audit log were never fetched",
        }


def read_status(warehouse: Warehouse, *, errors_since: object) -> Status:
    """Read the status.

    Args:
        warehouse: Where gold is.
        errors_since: Errors older than this moment (UTC, without a zone) are left out.
    """
    return Status(
        states=warehouse.read(_STATES).to_pylist(),
        recent_errors=warehouse.read(_RECENT_ERRORS, [errors_since]).to_pylist(),
        validation=warehouse.read(_VALIDATION).to_pylist()[0],
    )
