"""Leaks of the simulated ledger: each kind is found by the test that is made for it.

That a test finds no other kind's fault is in test_leakage_tests.py, on rows of a few.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date

import pytest
from harness import Project

from demo.ledger_loading import load_ledger
from demo.ledger_options import Leaks, LedgerOptions

FOUND_BY = {
    "late_labels": {"ledger_labels_not_after_month_end"},
    "future_labels": {"ledger_labels_not_in_future"},
    "late_features": {"ledger_features_point_in_time"},
    "duplicates": {"ledger_lines_not_in_two_splits"},
    "conflicting_labels": {"ledger_labels_agree"},
    "drift": {"fct_training_view_amounts_are_stable", "fct_training_view_labels_are_stable"},
    "imbalance": {"fct_training_view_has_enough_of_each_label"},
}
SHARES = dict.fromkeys(FOUND_BY, 0.2) | {"drift": 0.6, "imbalance": 0.95}
WHAT_IS_TRAINED_ON = ("--select", "+fct_training_view,path:models/ml", "ml_excluded_transactions")
ENDED = date(2026, 7, 1)

pytestmark = pytest.mark.slow


def warnings(project: Project, leaks: Leaks) -> set[str]:
    """Build the training data of a ledger, and return the tests that warn; an error would fail."""
    load_ledger(
        project.warehouse, LedgerOptions(end=ENDED, transactions=9_000, months=6, leaks=leaks)
    )
    project.artifacts = True
    project.dbt("build", "--exclude-resource-type", "unit_test", *WHAT_IS_TRAINED_ON)
    results = json.loads((project.parsed / "run_results.json").read_text())["results"]
    return {item["unique_id"].split(".")[2] for item in results if item["status"] == "warn"}


def test_every_kind_of_leak_has_its_test() -> None:
    assert {share.name for share in fields(Leaks)} == FOUND_BY.keys()


def test_a_ledger_without_leaks_passes(project: Project) -> None:
    assert warnings(project, Leaks()) == set()


def test_leaks_are_found_and_left_out(project: Project) -> None:
    assert warnings(project, Leaks(**SHARES)) == set().union(*FOUND_BY.values())
    reasons = project.query(
        "select distinct exclusion_reason from ml_training.ml_excluded_transactions"
    )
    assert {row["exclusion_reason"] for row in reasons} >= {
        "label_too_late",
        "conflicting_labels",
        "no_features_in_time",
        "duplicate_line",
    }
