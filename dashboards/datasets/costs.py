"""What answers and language models cost."""

from dashboards.datasets.labels import NO_QUESTION
from dashboards.parts import Dataset

SPACE_COSTS = Dataset(
    "space_costs",
    "Costs by space and day",
    "genie_space_costs",
    (
        *("workspace", "space", "usage_date", "cost_kind", "cost", "currency_code"),
        *("cost_status", "cost_reason"),
    ),
    order="usage_date desc, space, cost_kind",
)
QUESTION_COSTS = Dataset(
    "question_costs",
    "Costs by question",
    "genie_question_costs",
    (
        *("workspace", "space", "asked_at", "question", "outcome", "statement_count"),
        *("warehouse_cost", "currency_code", "cost_status", "cost_reason", "message_key"),
    ),
    # where nothing is known comes last on every engine
    order="coalesce(warehouse_cost, -1) desc, asked_at desc, message_key",
    empty=NO_QUESTION,
)
BILLS = Dataset(
    "bills",
    "Bills of warehouses and their parts",
    "genie_warehouse_bills",
    (
        *("workspace", "warehouse_id", "usage_date", "billed_cost", "message_cost"),
        *("authoring_cost", "other_cost", "idle_cost", "unexplained_cost", "currency_code"),
        *("unpriced_quantity", "cost_status", "cost_reason"),
    ),
    order="usage_date desc, workspace, warehouse_id",
)
MODELS = Dataset(
    "models",
    "Language models on the bill",
    "genie_llm_costs",
    (
        *("workspace", "space", "usage_date", "genie_surface", "genie_channel", "user_email"),
        *("sku_name", "usage_quantity", "usage_unit", "cost", "free_equivalent_cost"),
        *("currency_code", "cost_status", "cost_reason"),
    ),
    order="usage_date desc, space, user_email, sku_name, genie_channel",
)
