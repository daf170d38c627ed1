"""Prompts & SQL: what exactly was asked, and what did Genie make of it?"""

from dashboards.datasets.answers import CONTEXT, INTELLIGENCE, PROMPTS
from dashboards.parts import Column, Page, bar, category, choose_one, count, row, table, text

PAGE = Page(
    "prompts-sql",
    "Prompts & SQL",
    (
        row(
            2,
            text(
                "Questions, and what Genie made of them",
                "The newest first. With GENIE_PII_MODE redacted, texts and literals are not here.",
            ),
        ),
        row(1, choose_one("Space", "space", (PROMPTS, INTELLIGENCE, CONTEXT))),
        row(
            9,
            table(
                "Prompts and SQL",
                PROMPTS,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("space", "Space"),
                Column("question", "Question"),
                Column("outcome", "Outcome"),
                Column("query_sql", "SQL"),
                Column("latency_seconds", "Wait (s)", "float"),
                Column("statement_count", "Statements", "integer"),
                Column("asked_by", "Asked by"),
            ),
        ),
        row(
            7,
            table(
                "Genie Intelligence",
                INTELLIGENCE,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("space", "Space"),
                Column("question", "Question"),
                Column("query_description", "Genie's explanation of its SQL"),
            ),
        ),
        row(
            4,
            bar(
                "Attachments by kind",
                CONTEXT,
                count("attachment_key", "Attachments"),
                category("attachment_kind", "Kind"),
            ),
        ),
        row(
            7,
            table(
                "Context Data",
                CONTEXT,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("question", "Question"),
                Column("attachment_number", "No.", "integer"),
                Column("attachment_kind", "Kind"),
                Column("title", "Title"),
                Column("content", "Content"),
                Column("result_row_count", "Rows", "integer"),
                why="Attachments of answers, in order.",
            ),
        ),
    ),
)
