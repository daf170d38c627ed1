"""What spaces know, how it changed, and how well benchmarks say that they answer."""

from dashboards.datasets.labels import NO_AUDIT, NO_SPACE, SPACE, WORKSPACE
from dashboards.parts import Dataset

SPACES = Dataset(
    "spaces",
    "Spaces and how much is configured",
    "genie_space_details",
    (
        *(WORKSPACE, "space_id", "coalesce(title, space_id) as space", "description"),
        *("has_configuration", "table_count", "metric_view_count", "column_count"),
        *("sample_question_count", "text_instruction_count", "example_sql_count", "join_count"),
        *("benchmark_count", "ingestion_timestamp"),
    ),
    order="workspace, space",
)
SPACE_ITEMS = Dataset(
    "space_items",
    "What is configured in spaces",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number"),
)
SAMPLE_QUESTIONS = Dataset(
    "sample_questions",
    "Sample questions",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_text"),
    where="item_kind = 'sample question'",
    order="workspace, space, item_number",
)
INSTRUCTIONS = Dataset(
    "instructions",
    "Instructions",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_text"),
    where="item_kind = 'instruction'",
    order="workspace, space, item_number",
)
JOINS = Dataset(
    "joins",
    "Joins",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_name", "item_text", "item_sql"),
    where="item_kind = 'join'",
    order="workspace, space, item_number",
)
BENCHMARKS = Dataset(
    "benchmarks",
    "Benchmarks",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_text", "item_sql"),
    where="item_kind = 'benchmark'",
    order="workspace, space, item_number",
)
DATA_SOURCES = Dataset(
    "data_sources",
    "Tables, metric views and functions",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_name", "item_text"),
    where="item_kind in ('table', 'metric view', 'SQL function')",
    order="workspace, space, item_kind, item_number",
)
SNIPPETS = Dataset(
    "snippets",
    "Example SQL and snippets",
    "genie_space_items",
    ("workspace", "space", "item_kind", "item_number", "item_name", "item_text", "item_sql"),
    where="item_kind in ('example SQL', 'filter', 'expression', 'measure')",
    order="workspace, space, item_kind, item_number",
)
CHANGES = Dataset(
    "changes",
    "Changes of spaces",
    "genie_space_changes",
    (
        *(WORKSPACE, "coalesce(title, space_id) as space", "changed_seen_at", "version_number"),
        *("is_first", "is_title_changed", "is_description_changed", "is_configuration_changed"),
        *("is_warehouse_changed", "table_count", "example_sql_count", "benchmark_count"),
    ),
    order="changed_seen_at desc",
    empty=NO_SPACE,
)
ITEM_CHANGES = Dataset(
    "item_changes",
    "What changed in spaces",
    "genie_space_item_changes",
    (
        *("changed_seen_at", "changed_at", WORKSPACE, SPACE, "item_kind", "item_name"),
        *("change_type", "text_before", "text_after", "changed_by", "author_status", "change_key"),
    ),
    order="changed_seen_at desc, space, item_kind, item_name, change_key",
)
CHANGE_EFFECTS = Dataset(
    "change_effects",
    "The weeks around changes of spaces",
    "genie_space_change_effects",
    (
        *("effective_at", WORKSPACE, SPACE, "change_count", "other_version_count", "side"),
        *("status", "question_count", "failure_ratio", "negative_feedback_ratio"),
        *("median_latency_seconds", "warehouse_cost", "currency_code", "cost_status"),
    ),
    order="effective_at desc, space, side desc",
)
CONFIGURED_TABLES = Dataset(
    "configured_tables",
    "Configured tables and whether answers use them",
    "genie_configured_tables",
    (
        *(WORKSPACE, SPACE, "table_kind", "table_name", "usage_status", "question_count"),
        *("first_seen_at", "last_queried_at"),
    ),
    order="question_count, space, table_name",
)
SPACE_ACTIVITY = Dataset(
    "space_activity",
    "Spaces and whether they are asked",
    "genie_space_activity",
    (
        *(WORKSPACE, SPACE, "space_id", "activity_status", "question_count", "last_asked_at"),
        *("first_seen_at", "last_changed_seen_at", "deleted_at"),
    ),
    order="last_asked_at, first_seen_at, space",
    empty=NO_AUDIT,
)
ACCURACY = Dataset(
    "accuracy",
    "Benchmark runs",
    "genie_benchmark_accuracy",
    (
        *(WORKSPACE, SPACE, "created_at", "accuracy_status", "question_count", "correct_count"),
        *("accuracy", "accuracy_change", "needs_review_count"),
    ),
    order="created_at desc",
)
BENCHMARK_COVERAGE = Dataset(
    "benchmark_coverage",
    "Spaces and whether they are measured",
    "genie_benchmark_coverage",
    (
        *(WORKSPACE, SPACE, "space_id", "benchmark_status", "benchmark_count", "message_count"),
        *("run_count", "last_run_at", "last_accuracy"),
    ),
    order="message_count desc, space",
)
BENCHMARK_REASONS = Dataset(
    "benchmark_reasons",
    "Why benchmark answers were not right",
    "genie_benchmark_reasons",
    (WORKSPACE, "reason_class", "result_count"),
)
BENCHMARK_RESULTS = Dataset(
    "benchmark_results",
    "Results of benchmark questions",
    "genie_eval_results",
    (
        *(WORKSPACE, SPACE, "run_created_at", "question", "assessment", "assessment_reasons"),
        *("benchmark_answer", "actual_response"),
    ),
    order="run_created_at desc",
)
