"""Whether what we see is complete, new and usual."""

from dashboards.datasets.labels import NO_QUESTION, SPACE, WORKSPACE
from dashboards.parts import Dataset

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
    empty=NO_QUESTION,
)
FETCHES = Dataset(
    "fetches",
    "Fetches of messages",
    "message_details",
    (WORKSPACE, "message_key", "api_fetch_status"),
    empty=NO_QUESTION,
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
        *(WORKSPACE, SPACE, "verdict", "known_count", "listed_count"),
        *("missing_from_listing_count", "last_listed_at"),
    ),
    order="missing_from_listing_count desc",
)
COMPLETENESS = Dataset(
    "completeness",
    "Whether the feeds agree",
    "genie_completeness",
    (WORKSPACE, "check_name", "verdict", "found_count"),
)
INCOMPLETE = Dataset(
    "incomplete",
    "Days on which feeds are not known to agree",
    "genie_completeness",
    (
        *("asked_date", WORKSPACE, SPACE, "check_name", "verdict", "found_count"),
        *("missing_count", "deleted_count", "denied_count", "unjudged_count", "reason"),
    ),
    where="verdict <> 'complete'",
    order="missing_count desc, asked_date desc, space, check_name",
)
SWEEPS = Dataset(
    "sweeps",
    "How completely spaces were gone through",
    "genie_space_sweeps",
    (
        *(WORKSPACE, SPACE, "sweep_status", "message_count", "unfetched_count", "due_count"),
        *("last_fetched_at", "last_sweep_at", "last_complete_sweep_at"),
    ),
    order="unfetched_count desc, message_count desc, space",
)
FRESHNESS = Dataset(
    "freshness",
    "Whether feeds bring what is new",
    "genie_feed_freshness",
    ("feed_name", "verdict", "newest_event_at", "newest_load_at"),
    order="feed_name",
)
ANOMALIES = Dataset(
    "anomalies",
    "Unusual days of spaces",
    "genie_space_day_anomalies",
    (
        *("metric_date", WORKSPACE, SPACE, "metric_name", "anomaly_status", "metric_value"),
        *("expected_value", "lowest_expected", "highest_expected", "anomaly_score"),
    ),
    where="anomaly_status in ('high', 'low')",
    order="metric_date desc, space, metric_name",
)
