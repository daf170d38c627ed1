"""What Prometheus holds while all is well, and what one fault changes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HOUR, DAY = 3600, 86_400
PREFIX = "model.genie_observability."
WITH_METRICS = (
    *("genie_messages_to_fetch", "genie_pipeline_validation"),
    *("genie_recent_answers", "message_fetch_errors"),
    *("genie_completeness", "genie_feed_freshness", "genie_space_activity", "genie_space_sweeps"),
)
FEEDS = ("audit", "query_history", "messages", "conversations")
CHECKS = ("audit_to_rest", "rest_to_audit", "rest_to_history", "history_to_rest")
STATES = ("pass", "warn", "error", "runtime_error", "empty", "future", "not_run")
LEDGER = (
    *("transactions", "transaction_labels", "ml_features"),
    *("suggestion_events", "suggestion_feedback"),
)
LANDED = (("genie_raw", "ingest_runs"), ("system_access", "audit"), ("system_query", "history"))
SOURCES = {
    **{("ledger", table): (2 * DAY, 5 * DAY) for table in LEDGER},
    **dict.fromkeys(LANDED, (DAY, 3 * DAY)),
}


@dataclass(frozen=True)
class Course:
    """Values over time: one at its beginning, and how much more a second."""

    start: float
    rate: float = 0.0

    def at(self, seconds: float) -> float:
        return self.start + self.rate * seconds


def ago(seconds: float) -> Course:
    """A time that stays as far behind the clock as it is."""
    return Course(-seconds, 1)


def frozen(seconds: float) -> Course:
    """A time that does not change."""
    return Course(-seconds)


Seed = Mapping[str, Course]


def _sources() -> Iterator[tuple[str, Course]]:
    for (source, table), thresholds in SOURCES.items():
        labels = f'source="{source}",table="{table}"'
        yield f"dbt_source_expected{{{labels}}}", Course(1)
        yield f"dbt_source_empty{{{labels}}}", Course(0)
        yield f"dbt_source_loaded_at_seconds{{{labels}}}", ago(HOUR)
        yield f"dbt_source_checked_at_seconds{{{labels}}}", ago(300)
        for severity, seconds in zip(("warn", "error"), thresholds, strict=True):
            name = f'dbt_source_freshness_threshold_seconds{{{labels},severity="{severity}"}}'
            yield name, Course(seconds)
        for state in STATES:
            name = f'dbt_source_freshness_status{{{labels},status="{state}"}}'
            yield name, Course(float(state == "pass"))


def _nodes() -> Iterator[tuple[str, Course]]:
    nodes = {
        "model.p.fct": ("model", "success"), "seed.p.codes": ("seed", "success"),
        "test.p.unique_id": ("test", "pass"), "test.p.stable": ("test", "warn"),
        "unit_test.p.rule": ("unit_test", "pass"),
    }  # fmt: skip
    for node, (kind, status) in nodes.items():
        labels = f'node="{node}",resource_type="{kind}"'
        yield f'dbt_node_status{{{labels},status="{status}"}}', Course(1)
        yield f"dbt_node_execution_seconds{{{labels}}}", Course(0.5)
        yield f"dbt_node_completed_at_seconds{{{labels}}}", ago(2 * HOUR)
        if kind == "test":
            yield f'dbt_test_failures{{node="{node}",severity="error"}}', Course(0)
    for exposure in ("ml_training_pipeline", "alerts"):
        yield f'dbt_exposure_ready{{exposure="{exposure}"}}', Course(1)


def _genie() -> Iterator[tuple[str, Course]]:
    for model in WITH_METRICS:
        yield f'dbt_model_metrics_up{{node="{PREFIX}{model}"}}', Course(1)
    for state, count in {"settled": 2000, "waiting": 3, "new": 5, "gave_up": 1}.items():
        yield f'genie_messages{{fetch_state="{state}"}}', Course(count)
    yield 'genie_message_fetch_errors{error_type="AUTH_ERROR",resolved="true"}', Course(4)
    yield 'genie_message_fetch_errors{error_type="TIMEOUT",resolved="false"}', Course(2)
    yield "genie_messages_due{}", Course(5)
    yield "genie_messages_missing{}", Course(8)
    yield "genie_audit_newest_event_timestamp_seconds{}", ago(2 * HOUR)
    yield "genie_oldest_unsettled_message_timestamp_seconds{}", ago(3 * HOUR)
    yield "genie_last_ingest_timestamp_seconds{}", ago(HOUR)
    yield "genie_recent_answers{}", Course(100)
    yield "genie_recent_answer_failure_ratio{}", Course(0.02)
    yield "genie_recent_rated_answers{}", Course(30)
    yield "genie_recent_negative_feedback_ratio{}", Course(0.1)


def _completeness() -> Iterator[tuple[str, Course]]:
    for check in CHECKS:
        for name, count in {"found": 900, "missing": 2, "denied": 4}.items():
            yield f'genie_completeness_{name}{{check_name="{check}"}}', Course(count)
        for verdict, days in {"complete": 80, "tolerated": 2, "not judged": 3}.items():
            labels = f'check_name="{check}",verdict="{verdict}"'
            yield f"genie_completeness_days{{{labels}}}", Course(days)
    for feed in FEEDS:
        labels = f'feed_name="{feed}"'
        yield f"genie_feed_newest_event_timestamp_seconds{{{labels}}}", ago(2 * HOUR)
        yield f"genie_feed_newest_load_timestamp_seconds{{{labels}}}", ago(HOUR)
        yield f"genie_feed_falsely_green{{{labels}}}", Course(0)
    for status, spaces in {"complete": 5, "never swept": 1}.items():
        yield f'genie_space_sweeps{{sweep_status="{status}"}}', Course(spaces)
    yield "genie_oldest_complete_sweep_timestamp_seconds{}", ago(DAY)
    yield 'genie_spaces{activity_status="active"}', Course(6)


def _exporter() -> Iterator[tuple[str, Course]]:
    own = "dbt_freshness_exporter_"
    yield f"{own}last_run_success{{}}", Course(1)
    yield f"{own}last_run_timestamp_seconds{{}}", ago(300)
    yield f"{own}last_success_timestamp_seconds{{}}", ago(300)
    yield f"{own}run_duration_seconds{{}}", Course(4.2)
    yield f'{own}build_info{{version="0.1.0"}}', Course(1)


HEALTHY: Seed = dict((*_sources(), *_nodes(), *_genie(), *_completeness(), *_exporter()))


def loaded(source: str, table: str, course: Course) -> Seed:
    return {f'dbt_source_loaded_at_seconds{{source="{source}",table="{table}"}}': course}


def state(source: str, table: str, now: str) -> Seed:
    labels = f'source="{source}",table="{table}"'
    return {
        f'dbt_source_freshness_status{{{labels},status="{each}"}}': Course(float(each == now))
        for each in STATES
    }


@dataclass(frozen=True)
class Fault:
    """What a fault changes of what is healthy, and the warnings that come with its alert."""

    change: Seed
    others: tuple[str, ...] = ()


FAULTS = {
    "SourceStaleTransactions": Fault(loaded("ledger", "transactions", ago(60 * HOUR))),
    "SourceStaleTransactionLabels": Fault(loaded("ledger", "transaction_labels", ago(60 * HOUR))),
    "SourceStaleMLFeatures": Fault(loaded("ledger", "ml_features", frozen(47 * HOUR))),
    # the warning is held back by Alertmanager
    "SourceCriticalStale": Fault(
        loaded("ledger", "transactions", ago(6 * DAY)), ("SourceStaleTransactions",)
    ),
    "SourcePastErrorThreshold": Fault(
        loaded("system_access", "audit", ago(3.5 * DAY)), ("SourcePastWarnThreshold",)
    ),
    "SourcePastWarnThreshold": Fault(loaded("genie_raw", "ingest_runs", ago(30 * HOUR))),
    "FreshnessExporterDead": Fault(
        {"dbt_freshness_exporter_last_run_timestamp_seconds{}": frozen(300)}
    ),
    "FreshnessExporterFailing": Fault({"dbt_freshness_exporter_last_run_success{}": Course(0)}),
    "SourceNotCheckable": Fault(state("ledger", "ml_features", "runtime_error")),
    "SourceEmpty": Fault(
        {
            'dbt_source_empty{source="ledger",table="suggestion_events"}': Course(1),
            **state("ledger", "suggestion_events", "empty"),
        }
    ),
    "SourceInFuture": Fault(
        {
            **loaded("ledger", "suggestion_feedback", ago(-HOUR)),
            **state("ledger", "suggestion_feedback", "future"),
        }
    ),
    "DbtTestFailing": Fault(
        {'dbt_node_status{node="test.p.other",resource_type="test",status="fail"}': Course(1)}
    ),
    "DbtModelFailing": Fault(
        {'dbt_node_status{node="model.p.other",resource_type="model",status="error"}': Course(1)}
    ),
    "ExposureNotReady": Fault({'dbt_exposure_ready{exposure="ml_training_pipeline"}': Course(0)}),
    "GenieBacklogGrows": Fault({"genie_messages_due{}": Course(5, 0.01)}),
    "GenieAuditLag": Fault({"genie_audit_newest_event_timestamp_seconds{}": ago(80 * HOUR)}),
    "GenieAuthErrors": Fault(
        {'genie_message_fetch_errors{error_type="AUTH_ERROR",resolved="false"}': Course(3)}
    ),
    "GenieFailureRateHigh": Fault({"genie_recent_answer_failure_ratio{}": Course(0.3)}),
    "GenieNegativeFeedbackHigh": Fault({"genie_recent_negative_feedback_ratio{}": Course(0.5)}),
    "GenieIngesterNotRun": Fault({"genie_last_ingest_timestamp_seconds{}": frozen(5 * HOUR)}),
    "GenieFeedFalselyGreen": Fault({'genie_feed_falsely_green{feed_name="audit"}': Course(1)}),
    "GenieFeedsDisagree": Fault(
        {'genie_completeness_days{check_name="audit_to_rest",verdict="broken"}': Course(3)}
    ),
    "GenieMetricsUnreadable": Fault(
        {f'dbt_model_metrics_up{{node="{PREFIX}message_fetch_errors"}}': Course(0)}
    ),
}

# all at once, each on a series of its own
ALL_FAULTS: Seed = {
    text: course for fault in FAULTS.values() for text, course in fault.change.items()
}
