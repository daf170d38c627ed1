"""Observability: does it work now, and is what we see complete?"""

from dashboards.datasets import FAILURES, FEED, FETCHES, LISTINGS, STATUSES, TIME_RANGES
from dashboards.parts import (
    Column,
    Page,
    area,
    bar,
    by_day,
    category,
    choose_parameter,
    count,
    counter,
    distinct,
    pie,
    row,
    seconds,
    table,
)

_MESSAGES = count("message_key", "Messages")

PAGE = Page(
    "observability",
    "Observability",
    (
        row(1, choose_parameter("Time range", TIME_RANGES, (STATUSES,))),
        row(
            2,
            counter("Messages in the time range", STATUSES, _MESSAGES),
            counter("People in the time range", STATUSES, distinct("asked_by", "People")),
            counter(
                "95th percentile of the wait in the time range (s)",
                STATUSES,
                seconds("latency_seconds", 0.95, "Seconds"),
            ),
        ),
        row(
            6,
            pie("Message status", STATUSES, _MESSAGES, category("status", "Status")),
            bar(
                "Outcome by space",
                STATUSES,
                _MESSAGES,
                category("space", "Space"),
                category("outcome", "Outcome"),
            ),
        ),
        row(
            6,
            area(
                "Status by day",
                STATUSES,
                by_day("asked_date"),
                _MESSAGES,
                category("status", "Status"),
            ),
        ),
        row(
            7,
            table(
                "What went wrong",
                FAILURES,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("space", "Space"),
                Column("question", "Question"),
                Column("error_class", "Class"),
                Column("error_type", "Error"),
                Column("error_message", "What Genie said"),
                why="Of all time. Empty: nothing failed.",
            ),
        ),
        row(
            4,
            table(
                "Completeness of the feed",
                FEED,
                Column("verdict", "Verdict"),
                Column("event_count", "Audit events", "integer"),
                Column("message_count", "Messages known", "integer"),
                Column("fetched_count", "Fetched", "integer"),
                Column("missing_count", "Missing", "integer"),
                Column("waiting_count", "Waiting to be retried", "integer"),
                Column("gave_up_count", "Given up", "integer"),
                Column("gone_count", "Deleted", "integer"),
                Column("audit_watermark", "Newest event (UTC)", "datetime"),
                Column("last_ingest_at", "Last ingest (UTC)", "datetime"),
                why="Of all workspaces, whatever is chosen above.",
            ),
        ),
        row(
            7,
            bar(
                "Fetches of messages",
                FETCHES,
                _MESSAGES,
                category("api_fetch_status", "How the last fetch ended"),
                why="SUCCESS, or why the REST API gave no answer.",
            ).wide(2),
            table(
                "What listing a space leaves out",
                LISTINGS,
                Column("workspace", "Workspace"),
                Column("space", "Space"),
                Column("verdict", "Verdict"),
                Column("known_count", "Conversations known", "integer"),
                Column("listed_count", "Listed", "integer"),
                Column("missing_from_listing_count", "Missing", "integer"),
                Column("last_listed_at", "Last listed (UTC)", "datetime"),
                why="Without CAN MANAGE a listing shows our own conversations only.",
            ),
        ),
    ),
)
