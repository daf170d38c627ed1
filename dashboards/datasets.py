"""What widgets read: each dataset a plain select from one gold mart.

A new one is an entry here, and in DATASETS by that; test_dashboard_build.py runs it.
"""

from __future__ import annotations

from dashboards.parts import Dataset

# the label that the global filter goes by, where a mart has names and ids only
_WORKSPACE = "coalesce(workspace_name, workspace_id) as workspace"
_SPACE = "coalesce(space_name, space_id) as space"

QUESTIONS = Dataset(
    "questions",
    "Questions",
    "genie_questions",
    ("workspace", "space", "message_key", "conversation_id", "asked_date", "asked_by", "channel"),
)
ANSWERS = Dataset(
    "answers",
    "Answers and their outcome",
    "genie_questions",
    ("workspace", "message_key", "asked_date", "outcome", "answered_ratio"),
)
HOURS = Dataset(
    "hours",
    "Questions by hour and weekday",
    "genie_questions",
    ("workspace", "message_key", "asked_hour", "asked_weekday"),
)
SPACE_USAGE = Dataset(
    "space_usage",
    "Usage of spaces, by the audit log",
    "genie_space_metrics",
    (
        *(_WORKSPACE, _SPACE, "conversation_count", "message_count", "user_count"),
        *("rejected_ask_count", "first_event_time", "last_event_time"),
    ),
    order="message_count desc",
)
CONVERSATIONS = Dataset(
    "conversations",
    "Conversations",
    "genie_conversations",
    (
        *(_WORKSPACE, _SPACE, "title", "created_at", "first_event_time", "last_event_time"),
        *("known_message_count", "fetched_message_count", "gone_message_count"),
    ),
    order="last_event_time desc",
)
LATENCY = Dataset(
    "latency",
    "Seconds until answers",
    "genie_questions",
    ("workspace", "space", "asked_date", "latency_seconds", "query_seconds"),
)
ERRORS = Dataset(
    "errors",
    "Errors of answers",
    "genie_questions",
    ("workspace", "asked_date", "error_class", "error_type", "message_key"),
    where="error_type is not null",
)
RATINGS = Dataset(
    "ratings",
    "Ratings",
    "genie_questions",
    ("workspace", "asked_date", "rating", "positive_ratio"),
    where="rating is not null",
)
FEEDBACK = Dataset(
    "feedback",
    "Rated answers with question and SQL",
    "genie_questions",
    (
        *("workspace", "space", "asked_at", "asked_by", "rating", "feedback_comment"),
        *("question", "query_sql"),
    ),
    where="rating is not null",
    order="asked_at desc",
)
PROMPTS = Dataset(
    "prompts",
    "Questions with their SQL",
    "genie_questions",
    (
        *("workspace", "space", "asked_at", "asked_by", "question", "outcome", "query_sql"),
        *("latency_seconds", "statement_count"),
    ),
    order="asked_at desc",
)
INTELLIGENCE = Dataset(
    "intelligence",
    "Genie's explanations",
    "genie_questions",
    ("workspace", "space", "asked_at", "question", "query_description"),
    order="asked_at desc",
)
CONTEXT = Dataset(
    "context",
    "Attachments of answers",
    "genie_question_attachments",
    (
        *("workspace", "space", "asked_at", "question", "attachment_number", "attachment_kind"),
        *("title", "content", "result_row_count", "attachment_key"),
    ),
    order="asked_at desc",
)
FAILURES = Dataset(
    "failures",
    "Messages that went wrong",
    "genie_questions",
    ("workspace", "space", "asked_at", "question", "error_class", "error_type", "error_message"),
    where="error_type is not null",
    order="asked_at desc",
)
TIME_RANGES = Dataset(
    "time_ranges",
    "Time ranges to choose from",
    "genie_time_ranges",
    ("time_range", "range_number"),
    order="range_number",
)
STATUSES = Dataset(
    "statuses",
    "Message status in a time range",
    "genie_questions_by_range",
    (
        *("workspace", "space", "message_key", "conversation_id", "asked_date", "asked_by"),
        *("status", "outcome", "error_class", "latency_seconds"),
    ),
    parameter="time_range",
    default="last 30 days",
)
FETCHES = Dataset(
    "fetches",
    "Fetches of messages",
    "message_details",
    (_WORKSPACE, "message_key", "api_fetch_status"),
)
FEED = Dataset(
    "feed",
    "Completeness of the feed",
    "genie_pipeline_validation",
    (
        *("verdict", "event_count", "message_count", "fetched_count", "missing_count"),
        *("waiting_count", "gave_up_count", "gone_count", "audit_watermark", "last_ingest_at"),
    ),
)
LISTINGS = Dataset(
    "listings",
    "What listing a space leaves out",
    "genie_listing_coverage",
    (
        *(_WORKSPACE, _SPACE, "verdict", "known_count", "listed_count"),
        *("missing_from_listing_count", "last_listed_at"),
    ),
    order="missing_from_listing_count desc",
)
USERS = Dataset(
    "users",
    "Who asks",
    "genie_users",
    (
        *("workspace", "asked_by", "habit", "question_count", "conversation_count", "space_count"),
        *("active_days", "answered_ratio", "first_asked_at", "last_asked_at"),
    ),
    order="question_count desc",
)
ADOPTION = Dataset(
    "adoption",
    "Users over time",
    "genie_questions",
    ("workspace", "space", "asked_date", "asked_by"),
)
SPACES = Dataset(
    "spaces",
    "Spaces and how much is configured",
    "genie_space_details",
    (
        *(_WORKSPACE, "space_id", "coalesce(title, space_id) as space", "description"),
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
ACCURACY = Dataset(
    "accuracy",
    "Benchmark runs",
    "genie_eval_runs",
    (
        *(_WORKSPACE, _SPACE, "created_at", "status", "num_questions", "num_correct"),
        *("num_needs_review", "accuracy"),
    ),
    order="created_at desc",
)
BENCHMARK_RESULTS = Dataset(
    "benchmark_results",
    "Results of benchmark questions",
    "genie_eval_results",
    (
        *(_WORKSPACE, _SPACE, "run_created_at", "question", "assessment", "assessment_reasons"),
        *("benchmark_answer", "actual_response"),
    ),
    order="run_created_at desc",
)
CHANGES = Dataset(
    "changes",
    "Changes of spaces",
    "genie_space_changes",
    (
        *(_WORKSPACE, "coalesce(title, space_id) as space", "changed_seen_at", "version_number"),
        *("is_first", "is_title_changed", "is_description_changed", "is_configuration_changed"),
        *("is_warehouse_changed", "table_count", "example_sql_count", "benchmark_count"),
    ),
    order="changed_seen_at desc",
)

DATASETS: tuple[Dataset, ...] = tuple(
    one for one in list(globals().values()) if isinstance(one, Dataset)
)
# those that the choice of workspaces goes for
FILTERED = tuple(one for one in DATASETS if "workspace" in one.output)
