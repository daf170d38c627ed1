"""User Adoption: how many people ask, how often, and do they come back?"""

from dashboards.datasets.usage import ADOPTION, USERS
from dashboards.parts import (
    Column,
    Page,
    bar,
    by_day,
    by_week,
    category,
    count,
    counter,
    distinct,
    line,
    pie,
    row,
    table,
)

_PEOPLE = distinct("asked_by", "People")

PAGE = Page(
    "user-adoption",
    "User Adoption",
    (
        row(
            2,
            counter("People who ever asked", ADOPTION, _PEOPLE),
            counter("Spaces asked", ADOPTION, distinct("space", "Spaces")),
        ),
        row(
            6,
            line(
                "People by day",
                ADOPTION,
                by_day("asked_date"),
                _PEOPLE,
                why="Different users on a day.",
            ),
            line(
                "People by week",
                ADOPTION,
                by_week("asked_date"),
                _PEOPLE,
                why="Different users in a week.",
            ),
        ),
        row(
            6,
            pie(
                "Habits",
                USERS,
                count("asked_by", "Users"),
                category("habit", "Days on which they asked"),
                "A user counts once for each workspace.",
            ),
            bar("People by space", ADOPTION, _PEOPLE, category("space", "Space")),
        ),
        row(
            9,
            table(
                "People",
                USERS,
                Column("asked_by", "Who"),
                Column("workspace", "Workspace"),
                Column("habit", "Habit"),
                Column("question_count", "Questions", "integer"),
                Column("conversation_count", "Conversations", "integer"),
                Column("space_count", "Spaces", "integer"),
                Column("active_days", "Days", "integer"),
                Column("answered_ratio", "Answered (%)", "percent"),
                Column("first_asked_at", "First asked (UTC)", "datetime"),
                Column("last_asked_at", "Last asked (UTC)", "datetime"),
                why="With GENIE_PII_MODE hashed, keys stand for people.",
            ),
        ),
    ),
)
