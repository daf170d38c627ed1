"""A small ledger for tests: six months of three accounts, received in six batches.

Deterministic, without chance: what varies is worked out from the number of a transaction. Later
batches correct, delete and move what earlier ones said, label and judge what is months old, and
one is committed late, with a time before that of a batch that was there already.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from warehouse.ledger import LEDGER_TABLES

MONTHS = 6
A_MONTH = 42  # transactions, of all accounts
MERCHANTS = {
    "REWE SAGT DANKE 4411": "food",
    "Café Müller, Zürich": "food",
    "SBB CFF *EasyRide 0815": "travel",
    "Miete Wohnung": "rent",
    "AMZN Mktp US*2K4XY": "home",
}
VERSIONS = ("v1", "v2", "v3")

Row = dict[str, Any]
Batch = dict[str, list[Row]]


def month_start(month: int) -> datetime:
    """The first moment of a month of 2026, from 1; 13 is January 2027."""
    return datetime(2026 + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def ledger_batches() -> list[dict[str, pa.Table]]:
    """Rows of the tables of the ledger by name, batch by batch: one a month, the last one late."""
    batches = [monthly_batch(month) for month in range(1, MONTHS + 1)]
    for batch, more in ((batches[2], changes_of_mind()), (batches[-1], months_late())):
        for name, rows in more.items():
            batch[name] += rows
    tables = []
    for number, batch in enumerate([*batches, committed_late()], 1):
        loaded_at = month_start(number + 1) + timedelta(hours=6)
        if number > MONTHS:  # before the batch that is there
            loaded_at = month_start(number) + timedelta(hours=3)
        tables.append(stamped(batch, loaded_at))
    return tables


def stamped(batch: Batch, loaded_at: datetime) -> dict[str, pa.Table]:
    stamp = {"loaded_at": loaded_at, "batch_id": f"{loaded_at:%Y%m%dT%H%M%S.000000Z}-ledger"}
    return {
        table.name: pa.Table.from_pylist(
            [row | stamp for row in batch.get(table.name, [])], schema=table.columns
        )
        for table in LEDGER_TABLES
    }


def monthly_batch(month: int) -> Batch:
    numbers = range((month - 1) * A_MONTH, month * A_MONTH)
    return {
        "transactions": [transaction(number) for number in numbers],
        "transaction_labels": [row for number in numbers for row in labels(number)],
        "ml_features": [row for number in numbers for row in features(number)],
        "suggestion_events": [suggestion(number) for number in numbers if number % 2],
        "suggestion_feedback": [feedback(number) for number in numbers if number % 4 == 1],
        **models(month),
    }


def transaction(number: int, **changes: Any) -> Row:
    description = list(MERCHANTS)[merchant_of(number)]
    credit = number % 13 == 0
    plain: Row = {
        "transaction_id": f"t{number:04}",
        "account_id": f"a{number % 3}",
        "transacted_at": transacted_at(number),
        "amount": Decimal(100 + number * 37 % 900) / (10 if credit else -10),
        "currency": "CHF",
        "description": description if number % 11 else f"{description} {number}",
        "merchant": None if number % 2 else description.split()[0],
        "source": "import" if number % 3 == 0 else "bank",
        "is_deleted": False,
    }
    return plain | changes


def merchant_of(number: int) -> int:
    return (number * 7 + number // A_MONTH) % len(MERCHANTS)


def transacted_at(number: int) -> datetime:
    """Imports know the day alone; the last of a month is in its last microsecond."""
    month, position = number // A_MONTH + 1, number % A_MONTH
    if position == A_MONTH - 1:
        return month_start(month + 1) - timedelta(microseconds=1)
    moment = month_start(month) + timedelta(hours=15 * position)
    return moment.replace(hour=0) if number % 3 == 0 else moment


def labels(number: int) -> Iterator[Row]:
    """A rule's label within the month for most, a user's for some, a model's for a few."""
    label = list(MERCHANTS.values())[merchant_of(number)]
    end = month_start(number // A_MONTH + 2)
    if number % 10 != 3:
        yield label_row(f"r{number}", number, label, "rule", transacted_at(number))
    if number % 6 == 1:
        yield label_row(f"u{number}", number, "home", "user", end - timedelta(microseconds=1))
    if number % 20 == 3:
        yield label_row(f"m{number}", number, label, "model", transacted_at(number))
    if number % 20 == 13:  # a moment too late
        yield label_row(f"w{number}", number, label, "user", end)


def label_row(
    label_id: str, number: int, label: str, source: str, observed_at: datetime, **changes: Any
) -> Row:
    plain = {
        "label_id": label_id,
        "transaction_id": f"t{number:04}",
        "label": label,
        "label_source": source,
        "observed_at": observed_at,
        "is_deleted": False,
    }
    return plain | changes


def features(number: int) -> Iterator[Row]:
    """The feature store's, of two versions for some; too late for some, for others none."""
    if number % 3 == 0 or number % 17 == 1:
        return
    at = transacted_at(number)
    moments = [at, at + timedelta(seconds=1)] if number % 19 else [at + timedelta(seconds=1)]
    for version, computed_at in enumerate(moments, 1):
        yield {
            "transaction_id": f"t{number:04}",
            "feature_version": f"f{version}",
            "computed_at": computed_at,
            "is_credit": number % 13 == 0,
            "amount_abs": (100 + number * 37 % 900) / 10,
            "day_of_week": at.isoweekday(),
            "day_of_month": at.day,
            "merchant_count_90d": number % 7,
            "merchant_mean_amount_90d": None if number % 7 == 0 else number / 7,
            "days_since_merchant": None if number % 7 == 0 else number / 3,
            "account_count_30d": number % 14,
            "account_mean_amount_30d": number / 11,
        }


def suggestion(number: int) -> Row:
    names = list(MERCHANTS.values())
    return {
        "suggestion_id": f"s{number:04}",
        "transaction_id": f"t{number:04}",
        "model_version": VERSIONS[number % len(VERSIONS)],
        "suggested_label": names[(merchant_of(number) + (number % 9 == 0)) % len(names)],
        "confidence": 0.5 + number % 50 / 100,
        "suggested_at": transacted_at(number) + timedelta(minutes=1),
    }


def feedback(number: int, name: str = "f", **changes: Any) -> Row:
    kind = ("accepted", "corrected", "rejected")[number % 3]
    plain = {
        "feedback_id": f"{name}{number:04}",
        "suggestion_id": f"s{number:04}",
        "feedback": kind,
        "corrected_label": "home" if kind == "corrected" else None,
        "feedback_at": transacted_at(number) + timedelta(minutes=5),
    }
    return plain | changes


def models(month: int) -> Batch:
    """A registry whose versions move on, and a run of each a month."""
    at = month_start(month + 1)
    steps = (0, 10, 50, 100)
    versions = [
        {
            "model_version": version,
            "model_name": "labels",
            "stage": "canary",
            "rollout_percent": steps[min(month // 2 + place, 3)],
            "registered_at": month_start(1) + timedelta(days=place),
        }
        for place, version in enumerate(VERSIONS)
    ]
    runs = [
        {
            "training_run_id": f"run-{version}-{month}",
            "model_version": version,
            "status": "succeeded",
            "started_at": at,
            "finished_at": at + timedelta(hours=1),
            "trained_until": (at - timedelta(days=1)).date(),
            "row_count": month * A_MONTH,
            "f1_macro": (0.62, 0.91, 0.78)[place],
            "calibration_error": 0.03,
            "rollout_percent": steps[min(month // 2 + place, 3)],
        }
        for place, version in enumerate(VERSIONS)
    ]
    rejected = {
        "file_name": "bank.csv",
        "sha256": f"{month:064}",
        "line_number": month,
        "line": "31.02.2026;?",
        "reason": "no such day",
    }
    return {"model_registry": versions, "ml_training_runs": runs, "rejected_lines": [rejected]}


def changes_of_mind() -> Batch:
    """Corrections and deletions in the third month, of the first."""
    at = month_start(3)
    return {
        "transactions": [transaction(4, amount=Decimal("-7.77")), transaction(5, is_deleted=True)],
        "transaction_labels": [
            label_row("r7", 7, "travel", "rule", transacted_at(7)),  # in time, corrected
            label_row("r8", 8, "travel", "rule", at),  # corrected after the month
            label_row("r9", 9, "food", "rule", transacted_at(9), is_deleted=True),
            label_row("r11", 12, "food", "rule", transacted_at(11)),  # moves to another
            label_row("conflict", 1, "travel", "user", transacted_at(1)),
        ],
        "suggestion_feedback": [
            feedback(9, feedback="rejected"),
            feedback(13, suggestion_id="s0015"),  # stays where it was
        ],
    }


def months_late() -> Batch:
    """Labels and feedback in the last month, of the first two."""
    late = [number for number in range(2 * A_MONTH) if number % 4 == 3]
    return {
        "transaction_labels": [
            label_row(f"late{number}", number, "rent", "user", month_start(6)) for number in late
        ],
        "suggestion_feedback": [
            *(feedback(number, feedback_at=month_start(6)) for number in late),
            # a second opinion, and one before the first
            feedback(17, "g", feedback="accepted", feedback_at=month_start(6)),
            feedback(21, "g", feedback="rejected", feedback_at=transacted_at(21)),
        ],
    }


def committed_late() -> Batch:
    return {
        "transactions": [transaction(number, amount=Decimal(-1)) for number in (40, 41, 999)],
        "transaction_labels": [label_row("gone", 43, "rent", "user", transacted_at(43))],
        "suggestion_feedback": [feedback(25, "h", feedback_at=month_start(5))],
    }
