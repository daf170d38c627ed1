"""Usage Analytics: when, where and how is Genie asked?"""

from dashboards.datasets.usage import CONVERSATIONS, HOURS, QUESTIONS, SPACE_USAGE
from dashboards.parts import (
    Column,
    Field,
    Page,
    area,
    bar,
    by_day,
    by_week,
    category,
    count,
    distinct,
    line,
    pie,
    row,
    table,
    text,
)

_ASKED = count("message_key", "Questions")
_HOUR = Field("asked_hour", "`asked_hour`", "Hour of the day (UTC)", "categorical")
_WEEKDAY = Field("asked_weekday", "`asked_weekday`", "Day of the week (1 Monday)", "categorical")

PAGE = Page(
    "usage-analytics",
    "Usage Analytics",
    (
        row(
            2,
            text(
                "Who uses Genie where, and when",
                "Questions that were fetched; calls, as the audit log has them.",
            ),
        ),
        row(
            6,
            line(
                "Questions by day and workspace",
                QUESTIONS,
                by_day("asked_date"),
                _ASKED,
                category("workspace", "Workspace"),
            ),
            area(
                "Questions by week and channel",
                QUESTIONS,
                by_week("asked_date"),
                _ASKED,
                category("channel", "Channel"),
            ),
        ),
        row(
            6,
            bar("By hour", HOURS, _HOUR, _ASKED),
            bar("By weekday", HOURS, _WEEKDAY, _ASKED),
        ),
        row(
            6,
            pie(
                "By channel",
                QUESTIONS,
                _ASKED,
                category("channel", "Channel"),
                "ui: the web page; api: programs.",
            ),
            line(
                "Conversations by week",
                QUESTIONS,
                by_week("asked_date"),
                distinct("conversation_id", "Conversations"),
                why="With a question in that week.",
            ),
        ),
        row(
            7,
            table(
                "Spaces",
                SPACE_USAGE,
                Column("workspace", "Workspace"),
                Column("space", "Space"),
                Column("message_count", "Questions", "integer"),
                Column("conversation_count", "Conversations", "integer"),
                Column("user_count", "Users", "integer"),
                Column("rejected_ask_count", "Refused questions", "integer"),
                Column("first_event_time", "First used (UTC)", "datetime"),
                Column("last_event_time", "Last used (UTC)", "datetime"),
                why="By the audit log: reads and our own service principals do not count.",
            ),
        ),
        row(
            7,
            table(
                "Conversations",
                CONVERSATIONS,
                Column("workspace", "Workspace"),
                Column("space", "Space"),
                Column("title", "Title"),
                Column("known_message_count", "Messages", "integer"),
                Column("fetched_message_count", "Fetched", "integer"),
                Column("gone_message_count", "Deleted", "integer"),
                Column("first_event_time", "Begun (UTC)", "datetime"),
                Column("last_event_time", "Last event (UTC)", "datetime"),
                why="From the audit log, listings and messages. A title comes with a listing.",
            ),
        ),
    ),
)
