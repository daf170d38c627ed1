"""The training marts on DuckDB: what becomes of a ledger, early, late and changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest
from comparing import differences
from harness import Project
from ledger_rows import ledger_batches

from warehouse.ledger import LEDGER_TABLES

MARTS = (
    "fct_training_view",
    "ml_excluded_transactions",
    "dim_merchants",
    "fct_suggestions_eval",
    "agg_daily_suggestions",
    "ml_canary_status",
    "ml_feature_profile",
    "ml_baseline_metrics",
)
STAGES = (2, 3, 6, 7)  # batches that have come when dbt builds
BUILD = ("run", "--select", "path:models/ml")

pytestmark = pytest.mark.slow


def land(project: Project, batch: Mapping[str, pa.Table]) -> None:
    with project.warehouse.transaction() as transaction:
        for table in LEDGER_TABLES:
            transaction.append(table, batch[table.name])


def marts(project: Project) -> dict[str, pa.Table]:
    return {name: project.warehouse.read(f"select * from ml_training.{name}") for name in MARTS}


@pytest.fixture(scope="module")
def project(make_project: Callable[[], Project]) -> Project:
    """A ledger that came in stages, with a build after each."""
    project, batches = make_project(), ledger_batches()
    project.create_tables()
    for number, batch in enumerate(batches, 1):
        land(project, batch)
        if number in STAGES:
            project.dbt(*BUILD)
    return project


def test_increments_give_what_a_full_refresh_gives(project: Project) -> None:
    grown = marts(project)
    project.dbt(*BUILD, "--full-refresh")
    for name, rows in marts(project).items():
        assert rows.num_rows, name
        assert differences(rows, grown[name]) == [], name


def test_the_tests_find_no_leakage_and_warn_of_what_was_left_out(project: Project) -> None:
    project.artifacts = True
    project.dbt("test", "--select", "path:models/ml,test_type:data", "tag:ml,test_type:singular")
    assert failed(project) == {
        "ledger_features_point_in_time": "warn",
        "ledger_labels_agree": "warn",
        "ledger_labels_not_after_month_end": "warn",
    }


def failed(project: Project) -> dict[str, str]:
    results = json.loads((project.parsed / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[2]: result["status"]
        for result in results
        if result["status"] in ("warn", "fail", "error")
    }


def row(project: Project, name: str, key: str, value: str) -> dict[str, Any]:
    (found,) = project.query(f"select * from ml_training.{name} where {key} = ?", [value])
    return found


def test_features_are_those_known_at_the_transaction(project: Project) -> None:
    stored, derived = (
        row(project, "fct_training_view", "transaction_id", t) for t in ("t0002", "t0006")
    )
    assert stored["feature_version"] == "f1"
    assert stored["features_computed_at"] == stored["transacted_at"]
    assert derived["feature_version"] == "derived"
    assert derived["account_count_30d"] == 2  # t0000 and t0003
    assert derived["account_mean_amount_30d"] == pytest.approx((10 + 21.1) / 2)


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        ("t0123", "untrusted_label"),
        ("t0033", "label_too_late"),
        ("t0008", "label_too_late"),
        ("t0001", "conflicting_labels"),
        ("t0035", "no_features_in_time"),
        ("t0019", "no_features_in_time"),
        ("t0009", "no_label"),
    ],
)
def test_what_is_left_out_says_why(project: Project, transaction: str, reason: str) -> None:
    found = row(project, "ml_excluded_transactions", "transaction_id", transaction)
    assert found["exclusion_reason"] == reason
