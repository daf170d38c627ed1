"""Space Configuration: what do spaces know, and what was changed in them?"""

from dashboards.datasets.spaces import (
    BENCHMARKS,
    CHANGES,
    DATA_SOURCES,
    INSTRUCTIONS,
    JOINS,
    SAMPLE_QUESTIONS,
    SNIPPETS,
    SPACE_ITEMS,
    SPACES,
)
from dashboards.parts import (
    Column,
    Page,
    bar,
    category,
    choose_one,
    count,
    counter,
    row,
    table,
)

_WHERE = (Column("workspace", "Workspace"), Column("space", "Space"))
_EMPTY = "Empty: nothing configured, or no right to edit the space, which reading it takes."

PAGE = Page(
    "space-configuration",
    "Space Configuration",
    (
        row(
            1,
            choose_one(
                "Space",
                "space",
                (
                    SPACES,
                    SPACE_ITEMS,
                    SAMPLE_QUESTIONS,
                    DATA_SOURCES,
                    INSTRUCTIONS,
                    JOINS,
                    SNIPPETS,
                    BENCHMARKS,
                    CHANGES,
                ),
            ),
        ),
        row(
            6,
            counter(
                "Spaces known", SPACES, count("space_id", "Spaces"), "Fetched at least once."
            ).wide(2),
            bar(
                "What is configured",
                SPACE_ITEMS,
                count("item_number", "Items"),
                category("item_kind", "Kind"),
                why=_EMPTY,
            ),
        ),
        row(
            7,
            table(
                "Spaces",
                SPACES,
                *_WHERE,
                Column("description", "Description"),
                Column("has_configuration", "Configuration read", "boolean"),
                Column("table_count", "Tables", "integer"),
                Column("metric_view_count", "Metric views", "integer"),
                Column("column_count", "Columns", "integer"),
                Column("text_instruction_count", "Instructions", "integer"),
                Column("example_sql_count", "Examples", "integer"),
                Column("join_count", "Joins", "integer"),
                Column("benchmark_count", "Benchmarks", "integer"),
                Column("ingestion_timestamp", "Fetched (UTC)", "datetime"),
                why="Empty until genie-ingest spaces has run.",
            ),
        ),
        row(
            7,
            table(
                "Changes",
                CHANGES,
                Column("changed_seen_at", "Seen (UTC)", "datetime"),
                *_WHERE,
                Column("version_number", "Version", "integer"),
                Column("is_title_changed", "Title", "boolean"),
                Column("is_description_changed", "Description", "boolean"),
                Column("is_configuration_changed", "Configuration", "boolean"),
                Column("is_warehouse_changed", "Warehouse", "boolean"),
                Column("table_count", "Tables since", "integer"),
                Column("example_sql_count", "Examples since", "integer"),
                Column("benchmark_count", "Benchmarks since", "integer"),
                why="Versions as they were fetched; the first changes nothing.",
            ),
        ),
        row(
            7,
            table(
                "Sample questions",
                SAMPLE_QUESTIONS,
                *_WHERE,
                Column("item_text", "Question"),
                why=_EMPTY,
            ),
            table(
                "Data sources",
                DATA_SOURCES,
                *_WHERE,
                Column("item_kind", "Kind"),
                Column("item_name", "Name"),
                Column("item_text", "Description"),
                why=_EMPTY,
            ),
        ),
        row(
            7,
            table(
                "Instructions",
                INSTRUCTIONS,
                *_WHERE,
                Column("item_text", "Instruction"),
                why=_EMPTY,
            ),
        ),
        row(
            7,
            table(
                "Joins",
                JOINS,
                *_WHERE,
                Column("item_name", "Tables"),
                Column("item_sql", "Condition"),
                Column("item_text", "Instruction"),
                why=_EMPTY,
            ),
        ),
        row(
            7,
            table(
                "SQL examples and snippets",
                SNIPPETS,
                *_WHERE,
                Column("item_kind", "Kind"),
                Column("item_name", "Name"),
                Column("item_text", "Question or instruction"),
                Column("item_sql", "SQL"),
                why=_EMPTY,
            ),
        ),
        row(
            7,
            table(
                "Benchmarks",
                BENCHMARKS,
                *_WHERE,
                Column("item_text", "Question"),
                Column("item_sql", "Right answer"),
                why=_EMPTY,
            ),
        ),
    ),
)
