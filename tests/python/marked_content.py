"""A site whose content is marked as old or young, to be found wherever it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from harness import Project

from demo.history import History
from demo.server import SimulatedWorkspaces

# the age of content follows the clock: the history ends now, and half of it is too old
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DAYS = 20
ON = ("--vars", json.dumps({"content_retention_days": DAYS}))
OLD, YOUNG = "xyzzy-old", "xyzzy-young"

# what holds content in gold, and what tells of the landing or the build instead of the message
CONTENT = {
    "message_details": {
        *("content", "error_message", "feedback_comment", "query_sql", "query_description"),
        *("attachments_json", "query_error_message", "api_fetch_error"),
        *("source_loaded_at", "ingestion_batch_id"),
    },
    "genie_conversations": {"title"},
    "genie_generated_sql": {
        *("query_sql", "statement_kind", "table_count", "tables_json", "columns_json"),
        *("join_count", "join_kinds_json", "is_unparsable", "has_cartesian_join"),
        *("has_select_star", "has_no_time_filter", "findings", "source_loaded_at"),
    },
    "genie_configured_tables": {
        *("statement_count", "question_count", "last_queried_at", "usage_status"),
    },
    "genie_eval_results": {"question", "benchmark_answer", "actual_response"},
    "genie_messages_to_fetch": {"reason"},
    "message_fetch_errors": {"error_message"},
    "genie_listing_coverage": {"error_message"},
    "genie_message_outcomes": {"normalised_question", "source_loaded_at"},
    "genie_message_latency": {"source_loaded_at"},
    "genie_unanswered_questions": {"normalised_question"},
    "genie_feedback_history": {"content"},
    "genie_cost_by_message": {"source_loaded_at"},
    "genie_cost_by_space": {"source_loaded_at"},
    "genie_cost_by_user": {"source_loaded_at"},
    "genie_cost_reconciliation": {"source_loaded_at"},
    "genie_questions": {
        *("question", "error_message", "feedback_comment", "query_description", "query_sql"),
        "fetched_at",
    },
    "genie_question_attachments": {"question", "title", "content", "query_sql"},
    "genie_question_costs": {"question"},
    "genie_feedback_details": {"content", "question", "query_sql"},
    "genie_pipeline_validation": {"content_retention_days"},
    # counted back from now
    "genie_system_tables_to_fetch": {"read_from", "sweep_from"},
    "genie_time_ranges": {"first_time"},
}
# a row per text, or one that says which are due: another one after a purge
MADE_OF_CONTENT = {
    *("genie_content_to_purge", "genie_question_counts"),
    *("genie_near_duplicates", "genie_prompt_topics"),
}


@dataclass
class Site:
    project: Project
    history: History
    served: SimulatedWorkspaces

    def build(self, *arguments: str) -> None:
        # the tests of the models run once, in the end; each time would take minutes
        kinds = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        self.project.dbt("build", *kinds, "--exclude", "path:models/ml", *arguments)

    def fetch(self) -> None:
        self.project.ingest("spaces", expect=None)
        for command in ("messages", "conversations", "comments", "evals"):
            self.project.ingest(command, expect=None)

    def tables(self) -> list[str]:
        rows = self.project.query(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " order by 1"
        )
        return [row["name"] for row in rows]

    def holding(self, text: str) -> set[str]:
        """Return the columns of all tables in which a text occurs."""
        columns: dict[str, list[str]] = {}
        for row in self.project.query("select * from information_schema.columns"):
            table = f"{row['table_schema']}.{row['table_name']}"
            columns.setdefault(table, []).append(row["column_name"])
        found = set()
        with duckdb.connect(str(self.project.database), read_only=True) as connection:
            for table, names in columns.items():
                tests = ", ".join(
                    f"count(case when contains(cast({name} as varchar), '{text}') then 1 end)"
                    for name in names
                )
                counts = connection.execute(f"select {tests} from {table}").fetchone() or ()
                found |= {f"{table}.{name}" for name, n in zip(names, counts, strict=True) if n}
        return found

    def gold(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of gold without the columns that hold content."""
        found: dict[str, list[dict[str, Any]]] = {}
        for table in self.tables():
            schema, name = table.split(".")
            if schema == "genie_analytics" and name not in MADE_OF_CONTENT:
                rows = self.project.query(f"select * from {table}")
                left_out = CONTENT.get(name, set())
                kept = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
                found[name] = sorted(kept, key=str)
        return found


def is_old(moment: datetime | None) -> bool:
    return moment is not None and moment.replace(tzinfo=UTC) < END - timedelta(days=DAYS)


def mark(value: Any, text: str) -> Any:
    """Put a text into all that a person or Genie may have written, and nowhere else."""
    if isinstance(value, dict):
        return {key: mark_under(key, item, text) for key, item in value.items()}
    return value


def mark_under(key: str, value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return mark(value, text)
    if isinstance(value, list):
        return [mark_under(key, item, text) for item in value]
    contents = {"content", "query", "title", "description", "questions", "comment", "error"}
    contents |= {"question", "benchmark_answer", "response", "value", "new_thing"}
    return f"{value} {text}" if isinstance(value, str) and key in contents else value


def plant(site: Site) -> None:
    """Mark the content of every landed row as old or young, to be found wherever it goes."""
    run_times = {run.run_id: run.created_ms for run in site.history.eval_runs}
    now_ms = int(END.timestamp() * 1000)
    with duckdb.connect(str(site.project.database)) as connection:
        connection.execute(
            "insert into genie_raw.message_comments by name select * replace ("
            f" json_merge_patch(payload::json, '{{\"created_timestamp\": {now_ms}}}') as payload,"
            " 'young' as comment_id) from genie_raw.message_comments limit 1"
        )
        for table in ("messages", "conversations", "message_comments", "eval_results"):
            name = f"genie_raw.{table}"
            rows = connection.sql(f"select rowid, * from {name}").to_arrow_table().to_pylist()
            assert rows, table
            updates = []
            for row in rows:
                payload = json.loads(row["payload"]) | {"new_thing": "of tomorrow"}
                epoch = payload.get("created_timestamp") or run_times[row["eval_run_id"]]
                text = OLD if is_old(datetime.fromtimestamp(epoch / 1000, UTC)) else YOUNG
                updates.append((json.dumps(mark(payload, text)), row["rowid"]))
            connection.executemany(f"update {name} set payload = ? where rowid = ?", updates)
        marked = f"case when {{}} < ? then '{OLD}' else '{YOUNG}' end"
        limit = (END - timedelta(days=DAYS)).replace(tzinfo=None)
        connection.execute(
            "update genie_raw.query_history set"
            f" statement_text = 'select ' || {marked.format('start_time')},"
            f" error_message = {marked.format('start_time')}",
            [limit, limit],
        )
        connection.execute(
            "update genie_raw.audit set response = json_merge_patch(response::json, json_object("
            f"'error_message', {marked.format('event_time')})),"
            " request_params = json_merge_patch(request_params::json, json_object("
            f"'question', {marked.format('event_time')}))",
            [limit, limit],
        )
        # attempts of long ago, whose errors quoted an answer
        connection.execute(
            "insert into genie_raw.fetch_attempts by name"
            " select * replace (fetched_at - interval 40 day as fetched_at, 'early' as batch_id,"
            f" 'quoted {OLD}' as error_message, 'failed' as outcome, 500 as http_status)"
            " from genie_raw.fetch_attempts where resource = 'message' limit 20"
        )
        connection.execute(
            f"update genie_raw.fetch_attempts set error_message = '{YOUNG}'"
            " where error_message is not null and batch_id <> 'early'"
        )
