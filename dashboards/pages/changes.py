"""Space Changes: what was changed in spaces, what happened then, and what is left unused?"""

from dashboards.datasets.spaces import (
    CHANGE_EFFECTS,
    CONFIGURED_TABLES,
    ITEM_CHANGES,
    SPACE_ACTIVITY,
)
from dashboards.parts import (
    Column,
    Page,
    bar,
    category,
    count,
    pie,
    row,
    table,
)

_WHERE = (Column("workspace", "Workspace"), Column("space", "Space"))
_NO_CHANGE = "Empty until genie-ingest spaces has seen a space change."

PAGE = Page(
    "space-changes",
    "Space Changes",
    (
        row(
            6,
            bar(
                "Changed items by kind",
                ITEM_CHANGES,
                count("change_key", "Items"),
                category("item_kind", "Kind"),
                category("change_type", "Change"),
                f"All that fetches have seen. {_NO_CHANGE}",
            ),
        ),
        row(
            9,
            table(
                "What changed",
                ITEM_CHANGES,
                Column("changed_seen_at", "Seen (UTC)", "datetime"),
                Column("space", "Space"),
                Column("item_kind", "Kind"),
                Column("item_name", "Name"),
                Column("change_type", "Change"),
                Column("text_before", "Before"),
                Column("text_after", "After"),
                Column("changed_by", "Who"),
                Column("author_status", "How sure"),
                Column("changed_at", "Edited (UTC)", "datetime"),
                why=f"Between two fetches; who by the audit log. {_NO_CHANGE}",
            ),
        ),
        row(
            9,
            table(
                "The weeks before and after",
                CHANGE_EFFECTS,
                Column("effective_at", "Changed (UTC)", "datetime"),
                Column("space", "Space"),
                Column("change_count", "Items", "integer"),
                Column("side", "Week"),
                Column("status", "Judged"),
                Column("question_count", "Questions", "integer"),
                Column("failure_ratio", "Failed (%)", "percent"),
                Column("negative_feedback_ratio", "Rated negative (%)", "percent"),
                Column("median_latency_seconds", "Median wait (s)", "float"),
                Column("warehouse_cost", "Cost", "cost"),
                Column("currency_code", "Currency"),
                Column("cost_status", "Cost is"),
                Column("other_version_count", "Other changes", "integer"),
                why="Seven days each. A difference is no cause, least of all where other changes "
                f"fall into the same days. {_NO_CHANGE}",
            ),
        ),
        row(
            7,
            pie(
                "Configured tables",
                CONFIGURED_TABLES,
                count("table_name", "Tables"),
                category("usage_status", "Used by answers"),
                "By full names in fetched SQL. Empty: no configuration could be read.",
            ).wide(2),
            table(
                "Tables, the unused first",
                CONFIGURED_TABLES,
                *_WHERE,
                Column("table_name", "Table"),
                Column("usage_status", "Used by answers"),
                Column("question_count", "Questions", "integer"),
                Column("last_queried_at", "Last (UTC)", "datetime"),
                Column("first_seen_at", "Configured since (UTC)", "datetime"),
                why="What no answer ever names may go. Empty: no configuration could be read.",
            ),
        ),
        row(
            7,
            pie(
                "Spaces by activity",
                SPACE_ACTIVITY,
                count("space_id", "Spaces"),
                category("activity_status", "Activity"),
                "stale: nobody asked within the days of the var stale_space_days.",
            ).wide(2),
            table(
                "Spaces, the longest unasked first",
                SPACE_ACTIVITY,
                *_WHERE,
                Column("activity_status", "Activity"),
                Column("question_count", "Questions", "integer"),
                Column("last_asked_at", "Last asked (UTC)", "datetime"),
                Column("first_seen_at", "Known since (UTC)", "datetime"),
                Column("last_changed_seen_at", "Last changed (UTC)", "datetime"),
                Column("deleted_at", "Trashed (UTC)", "datetime"),
            ),
        ),
    ),
)
