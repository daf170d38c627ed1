"""The ledger: transactions, their labels and features, and what models made of them.

Every table is append-only and ends in `loaded_at` (UTC, when the row was received) and `batch_id`.
A correction is a row with the same id, loaded later; a deletion is one that says so.
Times are UTC; money is in units of `currency`, negative where it leaves the account.
"""

from __future__ import annotations

import pyarrow as pa

from warehouse.base import Table

SCHEMA = "ledger"

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_BIGINT = pa.int64()
_DOUBLE = pa.float64()
_MONEY = pa.decimal128(18, 2)


def _texts(names: str) -> dict[str, pa.DataType]:
    return dict.fromkeys(names.split(), pa.string())


def _ledger_table(name: str, columns: dict[str, pa.DataType]) -> Table:
    stamped = {**columns, "loaded_at": _TIMESTAMP, "batch_id": pa.string()}
    return Table(SCHEMA, name, pa.schema(list(stamped.items())))


# source: bank (a feed) or import (a file of `genie-ingest ledger`)
TRANSACTIONS = _ledger_table(
    "transactions",
    {
        **_texts("transaction_id account_id"),
        "transacted_at": _TIMESTAMP,
        "amount": _MONEY,
        **_texts("currency description merchant source"),
        "is_deleted": pa.bool_(),
    },
)

# label_source: user, rule, model or import
TRANSACTION_LABELS = _ledger_table(
    "transaction_labels",
    {
        **_texts("label_id transaction_id label label_source"),
        "observed_at": _TIMESTAMP,
        "is_deleted": pa.bool_(),
    },
)

# computed_at: the moment up to which the ledger was looked at
ML_FEATURES = _ledger_table(
    "ml_features",
    {
        **_texts("transaction_id feature_version"),
        "computed_at": _TIMESTAMP,
        "is_credit": pa.bool_(),
        "amount_abs": _DOUBLE,
        "day_of_week": _BIGINT,
        "day_of_month": _BIGINT,
        "merchant_count_90d": _BIGINT,
        "merchant_mean_amount_90d": _DOUBLE,
        "days_since_merchant": _DOUBLE,
        "account_count_30d": _BIGINT,
        "account_mean_amount_30d": _DOUBLE,
    },
)

SUGGESTION_EVENTS = _ledger_table(
    "suggestion_events",
    {
        **_texts("suggestion_id transaction_id model_version suggested_label"),
        "confidence": _DOUBLE,
        "suggested_at": _TIMESTAMP,
    },
)

# feedback: accepted, corrected or rejected
SUGGESTION_FEEDBACK = _ledger_table(
    "suggestion_feedback",
    {
        **_texts("feedback_id suggestion_id feedback corrected_label"),
        "feedback_at": _TIMESTAMP,
    },
)

MODEL_REGISTRY = _ledger_table(
    "model_registry",
    {
        **_texts("model_version model_name stage"),
        "rollout_percent": _BIGINT,
        "registered_at": _TIMESTAMP,
    },
)

# status: running, succeeded or failed; metrics are of the evaluation after training, 0 to 1
ML_TRAINING_RUNS = _ledger_table(
    "ml_training_runs",
    {
        **_texts("training_run_id model_version status"),
        "started_at": _TIMESTAMP,
        "finished_at": _TIMESTAMP,
        "trained_until": pa.date32(),
        "row_count": _BIGINT,
        "f1_macro": _DOUBLE,
        "calibration_error": _DOUBLE,
        "rollout_percent": _BIGINT,
    },
)

# lines of a bank export that could not be read, kept aside as they came
REJECTED_LINES = _ledger_table(
    "rejected_lines",
    {
        **_texts("file_name sha256"),
        "line_number": _BIGINT,
        **_texts("line reason"),
    },
)

LEDGER_TABLES = (
    TRANSACTIONS,
    TRANSACTION_LABELS,
    ML_FEATURES,
    SUGGESTION_EVENTS,
    SUGGESTION_FEEDBACK,
    MODEL_REGISTRY,
    ML_TRAINING_RUNS,
    REJECTED_LINES,
)
