"""The columns of the system tables, as types of Arrow: structs and maps are real ones.

From `DESCRIBE EXTENDED` of system.access, system.query and system.billing; of the widest structs,
the fields that concern Genie.
"""

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()
_MAP = pa.map_(_TEXT, _TEXT)


def _texts(names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, _TEXT) for name in names.split()]


def _numbers(names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.int64()) for name in names.split()]


def _struct(names: str, **more: pa.DataType) -> pa.DataType:
    return pa.struct([*_texts(names), *more.items()])


_PRICE = pa.decimal128(38, 18)
_JOB = _struct("job_id job_run_id job_task_run_id")

TABLES: dict[str, pa.Schema] = {
    "system.access.audit": pa.schema(
        [
            *_texts("account_id workspace_id version"),
            ("event_time", _TIME),
            ("event_date", pa.date32()),
            *_texts("source_ip_address user_agent session_id"),
            ("user_identity", _struct("email subject_name")),
            *_texts("service_name action_name request_id"),
            ("request_params", _MAP),
            (
                "response",
                pa.struct([("status_code", pa.int32()), *_texts("error_message result")]),
            ),
            *_texts("audit_level event_id"),
            (
                "identity_metadata",
                _struct("run_by run_as acting_resource run_by_display_name run_as_display_name"),
            ),
        ]
    ),
    "system.access.workspaces_latest": pa.schema(
        [
            *_texts("account_id workspace_id workspace_name workspace_url"),
            ("create_time", _TIME),
            ("status", _TEXT),
        ]
    ),
    "system.query.history": pa.schema(
        [
            *_texts("account_id workspace_id statement_id executed_by session_id execution_status"),
            ("compute", _struct("type cluster_id warehouse_id")),
            *_texts("executed_by_user_id statement_text statement_type error_message"),
            *_texts("client_application client_driver"),
            *_numbers("total_duration_ms waiting_for_compute_duration_ms"),
            *_numbers("waiting_at_capacity_duration_ms execution_duration_ms"),
            *_numbers("compilation_duration_ms total_task_duration_ms result_fetch_duration_ms"),
            *[(name, _TIME) for name in ("start_time", "end_time", "update_time")],
            *_numbers("read_partitions pruned_files read_files read_rows produced_rows read_bytes"),
            ("read_io_cache_percent", pa.int8()),
            ("from_result_cache", pa.bool_()),
            *_numbers("spilled_local_bytes written_bytes shuffle_read_bytes"),
            (
                "query_source",
                pa.struct(
                    [
                        ("job_info", _JOB),
                        *_texts("legacy_dashboard_id dashboard_id alert_id notebook_id"),
                        *_texts("sql_query_id genie_space_id"),
                        ("pipeline_info", _struct("pipeline_id update_id")),
                    ]
                ),
            ),
            *_texts("executed_as_user_id executed_as"),
            *_numbers("written_rows written_files"),
            *_texts("cache_origin_statement_id"),
            ("query_parameters", pa.struct([("truncated", pa.bool_())])),
            ("query_tags", _MAP),
            *_numbers("pruned_files_bytes read_files_bytes"),
        ]
    ),
    "system.billing.usage": pa.schema(
        [
            *_texts("account_id workspace_id record_id sku_name cloud"),
            ("usage_start_time", _TIME),
            ("usage_end_time", _TIME),
            ("usage_date", pa.date32()),
            ("custom_tags", _MAP),
            ("usage_unit", _TEXT),
            ("usage_quantity", _PRICE),
            (
                "usage_metadata",
                _struct(
                    "cluster_id job_id warehouse_id endpoint_name budget_policy_id",
                    genie=_struct("surface channel agent_id"),
                ),
            ),
            ("identity_metadata", _struct("run_as created_by owned_by run_by")),
            ("record_type", _TEXT),
            ("ingestion_date", pa.date32()),
            ("billing_origin_product", _TEXT),
            (
                "product_features",
                pa.struct(
                    [
                        ("sql_tier", _TEXT),
                        ("is_serverless", pa.bool_()),
                        ("ai_bi_genie", _struct("capability_type offering_type")),
                        ("genie", _struct("offering_type")),
                    ]
                ),
            ),
            ("usage_type", _TEXT),
        ]
    ),
    "system.billing.list_prices": pa.schema(
        [
            ("account_id", _TEXT),
            ("price_start_time", _TIME),
            ("price_end_time", _TIME),
            *_texts("sku_name cloud currency_code usage_unit"),
            (
                "pricing",
                pa.struct(
                    [
                        ("default", _PRICE),
                        ("promotional", pa.struct([("default", _PRICE)])),
                        ("effective_list", pa.struct([("default", _PRICE)])),
                    ]
                ),
            ),
        ]
    ),
}
