"""Cost: what do answers and language models cost, and how far can the figures be trusted?"""

from dashboards.datasets.costs import BILLS, MODELS, QUESTION_COSTS, SPACE_COSTS
from dashboards.parts import (
    Column,
    Page,
    area,
    bar,
    by_day,
    category,
    cost,
    count,
    counter,
    pie,
    row,
    table,
    text,
    total,
)

_NO_BILL = "Empty until genie-ingest system-tables has read the bill."
_TRUST = (
    Column("currency_code", "Currency"),
    Column("cost_status", "Status"),
    Column("cost_reason", "Reason"),
)

PAGE = Page(
    "cost",
    "Cost",
    (
        row(
            2,
            text(
                "At list price",
                "In the currency of the tables (the var cost_currency). Sums are of what is known: "
                "each row says how far, and why not. A dash is not known; 0 is 0.",
            ),
        ),
        row(
            2,
            counter(
                "Answers, as far as known",
                QUESTION_COSTS,
                cost("warehouse_cost", "Cost"),
                "Warehouse time of the statements that messages show.",
            ),
            counter(
                "Language models, as far as known",
                MODELS,
                cost("cost", "Cost"),
                "By the bill; free usage costs 0.",
            ),
            counter(
                "Free usage, at list price",
                MODELS,
                cost("free_equivalent_cost", "Cost"),
                "What free language models would have cost.",
            ),
        ),
        row(
            6,
            area(
                "Cost by day",
                SPACE_COSTS,
                by_day("usage_date"),
                cost("cost", "Cost"),
                category("cost_kind", "Of what"),
                f"Of spaces, as far as known. {_NO_BILL}",
            ).wide(4),
            pie(
                "How far costs of questions are known",
                QUESTION_COSTS,
                count("message_key", "Questions"),
                category("cost_status", "Status"),
                "priced, estimate, pending (the bill is still to come) or unpriceable.",
            ),
        ),
        row(
            6,
            bar(
                "Cost by space",
                SPACE_COSTS,
                cost("cost", "Cost"),
                category("space", "Space"),
                category("cost_kind", "Of what"),
                f"As far as known. {_NO_BILL}",
            ),
            bar(
                "Why costs of questions are what they are",
                QUESTION_COSTS,
                count("message_key", "Questions"),
                category("cost_reason", "Reason"),
                why="docs/cost.md tells what each reason means.",
            ),
        ),
        row(
            7,
            table(
                "Costs by space and day",
                SPACE_COSTS,
                Column("usage_date", "Day (UTC)", "date"),
                Column("workspace", "Workspace"),
                Column("space", "Space"),
                Column("cost_kind", "Of what"),
                Column("cost", "Cost", "cost"),
                *_TRUST,
                why=f"The newest first. {_NO_BILL}",
            ),
        ),
        row(
            7,
            table(
                "Costs by question",
                QUESTION_COSTS,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("space", "Space"),
                Column("question", "Question"),
                Column("outcome", "Outcome"),
                Column("statement_count", "Statements", "integer"),
                Column("warehouse_cost", "Cost", "cost"),
                *_TRUST,
                why="The most expensive first; language models are not in it, the bill knows no "
                "questions.",
            ),
        ),
        row(
            2,
            counter(
                "Bill of the warehouses",
                BILLS,
                cost("billed_cost", "Cost"),
                "All SQL warehouses, Genie's or not.",
            ),
            counter(
                "Of it idle",
                BILLS,
                cost("idle_cost", "Cost"),
                "Hours in which nothing ran.",
            ),
            counter(
                "Of it not explained",
                BILLS,
                cost("unexplained_cost", "Cost"),
                "The bill without its parts: 0 where the shares are right.",
            ),
        ),
        row(
            7,
            table(
                "The bill and its parts",
                BILLS,
                Column("usage_date", "Day (UTC)", "date"),
                Column("workspace", "Workspace"),
                Column("warehouse_id", "Warehouse"),
                Column("billed_cost", "Bill", "cost"),
                Column("message_cost", "Answers", "cost"),
                Column("authoring_cost", "Other statements of Genie", "cost"),
                Column("other_cost", "Not Genie", "cost"),
                Column("idle_cost", "Idle", "cost"),
                Column("unexplained_cost", "Not explained", "cost"),
                Column("unpriced_quantity", "Without a price (DBU)", "float"),
                *_TRUST,
                why=f"Parts add up to the bill of each warehouse and day. {_NO_BILL}",
            ),
        ),
        row(
            7,
            bar(
                "Language models by surface (DBU)",
                MODELS,
                total("usage_quantity", "DBU"),
                category("genie_surface", "Surface"),
                why=f"Free usage included. {_NO_BILL}",
            ).wide(2),
            table(
                "Language models on the bill",
                MODELS,
                Column("usage_date", "Day (UTC)", "date"),
                Column("space", "Space"),
                Column("genie_surface", "Surface"),
                Column("user_email", "User"),
                Column("sku_name", "SKU"),
                Column("usage_quantity", "Quantity", "cost"),
                Column("usage_unit", "Unit"),
                Column("cost", "Cost", "cost"),
                Column("free_equivalent_cost", "Free, at list price", "cost"),
                *_TRUST,
                why=_NO_BILL,
            ),
        ),
    ),
)
