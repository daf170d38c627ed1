"""Executive Summary: is Genie used, does it answer, are people content?"""

from dashboards.datasets.answers import ANSWERS, LATENCY, RATINGS
from dashboards.datasets.feeds import FEED
from dashboards.datasets.usage import QUESTIONS, SPACE_USAGE
from dashboards.parts import (
    Column,
    Page,
    area,
    bar,
    by_day,
    by_week,
    category,
    count,
    counter,
    distinct,
    latest,
    line,
    pie,
    row,
    seconds,
    share,
    table,
    text,
)

_ASKED = count("message_key", "Questions")

PAGE = Page(
    "executive-summary",
    "Executive Summary",
    (
        row(
            2,
            text(
                "Genie at a glance",
                "How much Genie is asked, how well it answers, how content people are. Times: UTC.",
            ),
        ),
        row(
            2,
            counter(
                "Questions",
                QUESTIONS,
                _ASKED,
                "Fetched messages. 0 until genie-ingest messages has run.",
            ),
            counter(
                "People who asked", QUESTIONS, distinct("asked_by", "People"), "Different users."
            ),
            counter(
                "Conversations",
                QUESTIONS,
                distinct("conversation_id", "Conversations"),
                "With at least one fetched question.",
            ),
        ),
        row(
            2,
            counter(
                "Answered",
                ANSWERS,
                share("answered_ratio", "Answered (%)"),
                "With SQL or in words, of these and of failed, refused and empty ones.",
            ),
            counter(
                "Rated positive",
                RATINGS,
                share("positive_ratio", "Positive (%)"),
                "Of rated answers. Empty until somebody rates one.",
            ),
            counter(
                "Median wait (s)",
                LATENCY,
                seconds("latency_seconds", 0.5, "Seconds"),
                "From asking to the last change of the message: an upper bound.",
            ),
        ),
        row(
            6,
            area(
                "Questions a day",
                QUESTIONS,
                by_day("asked_date"),
                _ASKED,
                category("workspace", "Workspace"),
            ),
        ),
        row(
            6,
            pie("What became of questions", ANSWERS, _ASKED, category("outcome", "Outcome")),
            line(
                "Answered by week",
                ANSWERS,
                by_week("asked_date"),
                share("answered_ratio", "Answered (%)"),
                why="Of answered, failed, refused and empty ones.",
            ),
        ),
        row(
            7,
            bar("Questions by space", QUESTIONS, _ASKED, category("space", "Space")),
            table(
                "Most used spaces",
                SPACE_USAGE,
                Column("space", "Space"),
                Column("workspace", "Workspace"),
                Column("message_count", "Questions", "integer"),
                Column("user_count", "Users", "integer"),
                Column("last_event_time", "Last used (UTC)", "datetime"),
                why="By the audit log, also what was not fetched. Empty until it is loaded.",
            ),
        ),
        row(
            2,
            counter(
                "Newest event of the audit log (UTC)",
                FEED,
                latest("audit_watermark", "Newest event"),
                "Of all workspaces: how old what you see is. Empty until the audit log is loaded.",
            ),
            counter(
                "Messages not fetched yet",
                FEED,
                latest("missing_count", "Messages"),
                "Of all workspaces: in scope, not deleted, never fetched.",
            ),
        ),
    ),
)
