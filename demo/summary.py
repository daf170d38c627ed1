"""What the marts say after a tour: every figure is read from gold or the training marts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from warehouse import Warehouse

_VALIDATION = "select * from genie_analytics.genie_pipeline_validation"

_WAITING = """
    select
        workspace_name,
        fetch_state,
        split_part(reason, ':', 1) as reason,
        count(*) as messages,
        min(next_attempt_at) as next_attempt_at
    from genie_analytics.genie_messages_to_fetch
    where fetch_state not in ('settled', 'out_of_scope')
    group by 1, 2, 3
    order by messages desc, workspace_name, reason
    limit 5
"""

_ANSWERS = """
    select
        count(*) as messages,
        count(distinct conversation_id) as conversations,
        count(case when status = 'FAILED' then 1 end) as failed,
        count(case when feedback_rating = 'POSITIVE' then 1 end) as positive,
        count(case when feedback_rating = 'NEGATIVE' then 1 end) as negative
    from genie_analytics.message_details
    where status is not null
"""

_LEDGER = """
    select
        (select count(*) from ml_training.fct_training_view) as trained_on,
        (select count(*) from ml_training.ml_excluded_transactions) as left_out
"""

_COSTS = """
    select
        coalesce(sum(message_cost), 0) as answers,
        coalesce(sum(authoring_cost), 0) as authoring,
        coalesce(sum(billed_cost), 0) as billed,
        (select coalesce(sum(cost), 0) from genie_analytics.genie_llm_usage) as models
    from genie_analytics.genie_cost_reconciliation
"""

_SPACES = """
    select coalesce(space_name, space_id) as space, workspace_name, message_count, user_count
    from genie_analytics.genie_space_metrics
    order by message_count desc, space
    limit 5
"""


def summary_lines(warehouse: Warehouse) -> Iterator[str]:
    """Yield the lines of the summary: figures, what waits and why, the busiest spaces."""
    facts, answers = _one(warehouse, _VALIDATION), _one(warehouse, _ANSWERS)
    yield f"  events           {facts['event_count']:,} of Genie, {facts['ask_count']:,} questions"
    yield (
        f"  messages         {facts['message_count']:,} found, {facts['fetched_count']:,} fetched"
        f" in {answers['conversations']:,} conversations"
    )
    yield f"  API calls        {_calls(facts)}"
    yield f"  failure rate     {_share(answers['failed'], answers['messages'])} of fetched messages"
    yield f"  feedback         {answers['positive']} positive, {answers['negative']} negative"
    yield f"  verdict          {facts['verdict']}"
    costs = _one(warehouse, _COSTS)
    yield (
        f"  list cost        {costs['answers']:.2f} USD for answers, {costs['authoring']:.2f} for"
        f" authoring, of {costs['billed']:.2f} for warehouses; {costs['models']:.2f} for models"
    )
    ledger = _one(warehouse, _LEDGER)
    yield (
        f"  ledger           {ledger['trained_on']:,} transactions to train on,"
        f" {ledger['left_out']:,} left out"
    )
    waiting = warehouse.read(_WAITING).to_pylist()
    yield "  waiting          " + ("nothing" if not waiting else "")
    for row in waiting:
        yield (
            f"    {row['messages']:>5}  {row['workspace_name']}: {row['fetch_state']},"
            f" {row['reason']}{_next(row)}"
        )
    yield "  top spaces"
    for row in warehouse.read(_SPACES).to_pylist():
        yield (
            f"    {row['message_count']:>5}  {row['space']} ({row['workspace_name']},"
            f" {row['user_count']} users)"
        )


def _one(warehouse: Warehouse, query: str) -> dict[str, Any]:
    row: dict[str, Any] = warehouse.read(query).to_pylist()[0]
    return row


def _next(row: dict[str, Any]) -> str:
    moment = row["next_attempt_at"]
    return "" if moment is None else f" (next try {moment:%Y-%m-%d %H:%M} UTC)"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "no messages, so none"


def _calls(facts: dict[str, Any]) -> str:
    if facts["api_calls_per_message"] is None:
        return f"{facts['api_call_count']:,} so far"
    return f"{facts['api_call_count']:,} so far, {facts['api_calls_per_message']:.2f} a message"
