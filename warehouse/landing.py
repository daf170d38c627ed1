"""The landing tables: what is stored, as received, before any rule is applied.

`ALL_TABLES` holds them and those of the ledger: all that Python creates and writes. Every landing
table is append-only, but for what `purge` replaces, and ends in `fetched_at` (UTC, when the
row was received) and `batch_id` (one per transaction). System tables keep Databricks' column names;
maps and structs are JSON text.
Column lists of the system tables: DESCRIBE of system.access.audit, system.access.workspaces_latest,
system.query.history, system.billing.usage and system.billing.list_prices.
"""

from __future__ import annotations

import pyarrow as pa

from warehouse.base import Table
from warehouse.ledger import LEDGER_TABLES

SCHEMA = "genie_raw"
VOLUME = "landing"  # of that schema; on Databricks, files on their way into the tables

STRING = pa.string()
BIGINT = pa.int64()
TIMESTAMP = pa.timestamp("us", tz="UTC")
QUANTITY = pa.decimal128(38, 18)

_Columns = dict[str, pa.DataType]


def _texts(names: str) -> _Columns:
    return dict.fromkeys(names.split(), STRING)


def _bigints(names: str) -> _Columns:
    return dict.fromkeys(names.split(), BIGINT)


def _landing_table(name: str, columns: _Columns) -> Table:
    stamped = {**columns, "fetched_at": TIMESTAMP, "batch_id": STRING}
    return Table(SCHEMA, name, pa.schema(list(stamped.items())))


AUDIT = _landing_table(
    "audit",
    {
        **_texts("account_id workspace_id version"),
        "event_time": TIMESTAMP,
        "event_date": pa.date32(),
        **_texts(
            "source_ip_address user_agent session_id user_identity service_name action_name"
            " request_id request_params response audit_level event_id identity_metadata"
        ),
    },
)

WORKSPACES = _landing_table(
    "workspaces",
    {
        **_texts("account_id workspace_id workspace_name workspace_url"),
        "create_time": TIMESTAMP,
        "status": STRING,
    },
)

QUERY_HISTORY = _landing_table(
    "query_history",
    {
        **_texts(
            "account_id workspace_id statement_id executed_by session_id execution_status compute"
            " executed_by_user_id statement_text statement_type error_message client_application"
            " client_driver"
        ),
        **_bigints(
            "total_duration_ms waiting_for_compute_duration_ms waiting_at_capacity_duration_ms"
            " execution_duration_ms compilation_duration_ms total_task_duration_ms"
            " result_fetch_duration_ms"
        ),
        "start_time": TIMESTAMP,
        "end_time": TIMESTAMP,
        "update_time": TIMESTAMP,
        **_bigints(
            "read_partitions pruned_files read_files read_rows produced_rows read_bytes"
            " read_io_cache_percent"
        ),
        "from_result_cache": pa.bool_(),
        **_bigints("spilled_local_bytes written_bytes shuffle_read_bytes"),
        **_texts("query_source executed_as_user_id executed_as"),
        **_bigints("written_rows written_files"),
        **_texts("cache_origin_statement_id query_parameters query_tags"),
        **_bigints("pruned_files_bytes read_files_bytes"),
    },
)

# query history summed up by the hour: work that is not Genie's counts, and is not brought
WAREHOUSE_HOURS = _landing_table(
    "warehouse_hours",
    {
        **_texts("workspace_id warehouse_id"),
        "hour_start": TIMESTAMP,
        **_bigints("statement_count total_task_duration_ms"),
    },
)

BILLING_USAGE = _landing_table(
    "billing_usage",
    {
        **_texts("account_id workspace_id record_id sku_name cloud"),
        "usage_start_time": TIMESTAMP,
        "usage_end_time": TIMESTAMP,
        "usage_date": pa.date32(),
        **_texts("custom_tags usage_unit"),
        "usage_quantity": QUANTITY,
        **_texts("usage_metadata identity_metadata record_type"),
        "ingestion_date": pa.date32(),
        **_texts("billing_origin_product product_features usage_type"),
    },
)

LIST_PRICES = _landing_table(
    "list_prices",
    {
        "account_id": STRING,
        "price_start_time": TIMESTAMP,
        "price_end_time": TIMESTAMP,
        **_texts("sku_name cloud currency_code usage_unit pricing"),
    },
)

MESSAGES = _landing_table(
    "messages", _texts("workspace_id space_id conversation_id message_id payload")
)

SPACES = _landing_table("spaces", _texts("workspace_id space_id payload payload_sha256"))

CONVERSATIONS = _landing_table(
    "conversations", _texts("workspace_id space_id conversation_id payload")
)

EVAL_RUNS = _landing_table(
    "eval_runs", _texts("workspace_id space_id eval_run_id payload payload_sha256")
)

EVAL_RESULTS = _landing_table(
    "eval_results", _texts("workspace_id space_id eval_run_id result_id payload")
)

MESSAGE_COMMENTS = _landing_table(
    "message_comments",
    _texts("workspace_id space_id conversation_id message_id comment_id payload"),
)

# resource: message, space, conversations (all of a space), eval_runs (all of a space), eval_run
# (the results of one; its id is the resource_id), comments (all of a conversation), system_table
# and system_table_sweep (its name is the resource_id, workspace_id null for all observed)
FETCH_ATTEMPTS = _landing_table(
    "fetch_attempts",
    {
        **_texts("resource resource_id workspace_id space_id conversation_id message_id outcome"),
        "http_status": BIGINT,
        **_texts("error_code error_message message_status"),
        "message_updated_at": TIMESTAMP,
    },
)

LOADED_FILES = _landing_table(
    "loaded_files",
    {**_texts("table_name file_name sha256"), "row_count": BIGINT},
)

INGEST_RUNS = Table(
    SCHEMA,
    "ingest_runs",
    pa.schema(
        [
            ("run_id", STRING),
            ("event", STRING),
            ("command", STRING),
            ("host", STRING),
            ("process_id", BIGINT),
            ("event_at", TIMESTAMP),
            ("outcome", STRING),
            ("row_count", BIGINT),
            ("failed_count", BIGINT),
            ("api_calls", BIGINT),
        ]
    ),
)

SYSTEM_TABLES = {
    table.name: table
    for table in (AUDIT, WORKSPACES, QUERY_HISTORY, WAREHOUSE_HOURS, BILLING_USAGE, LIST_PRICES)
}

# what a later table speaks of is in an earlier one
ALL_TABLES = (
    *LEDGER_TABLES,
    *SYSTEM_TABLES.values(),
    MESSAGES,
    SPACES,
    CONVERSATIONS,
    EVAL_RUNS,
    EVAL_RESULTS,
    MESSAGE_COMMENTS,
    FETCH_ATTEMPTS,
    LOADED_FILES,
    INGEST_RUNS,
)
