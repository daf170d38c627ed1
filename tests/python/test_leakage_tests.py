"""Each generic test on rows finds the fault that it is made for, and no other's.

Clean rows and, for each fault, the same rows with that fault: every test runs on each of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Project

MICROSECOND = timedelta(microseconds=1)
MONTHS = {
    date(2026, 1, 1): "train",
    date(2026, 2, 1): "train",
    date(2026, 3, 1): "validation",
    date(2026, 4, 1): "test",
}
JUDGED_FROM = 5  # rows in a month; there are 10 in a clean one
TESTS: dict[str, dict[str, Any]] = {
    "not_after_month_end": {"column_name": "label_observed_at", "month_column": "ts_month"},
    "not_in_future": {"column_name": "label_observed_at"},
    "point_in_time": {"known_at": "features_computed_at", "used_at": "transacted_at"},
    "no_split_overlap": {
        "column_name": "data_split",
        "same": ["account_id", "amount", "normalised_description"],
        "date_column": "transacted_date",
        "days": 4,
    },
    "no_split_overlap_of_ids": {"column_name": "data_split", "same": ["transaction_id"]},
    "no_label_conflict": {"column_name": "target_label", "columns": ["transaction_id"]},
    "stable_between_months": {
        "column_name": "amount",
        "month_column": "ts_month",
        "bounds": [10, 100],
        "min_rows": JUDGED_FROM,
    },
    "class_balance_floor": {
        "column_name": "target_label",
        "floor": 0.05,
        "min_rows": JUDGED_FROM,
    },
    "never_null": {"columns": ["transaction_id", "amount", "account_id"]},
    "unique_together": {"columns": ["transaction_id", "target_label", "data_split"]},
}

Row = dict[str, Any]


def generic(test: str) -> str:
    return test.removesuffix("_of_ids")


def row(transaction_id: str, transacted_at: datetime, split: str, **changes: Any) -> Row:
    """A row as it should be; the features of the very moment are in time."""
    plain: Row = {
        "transaction_id": transaction_id,
        "account_id": "a1",
        "normalised_description": "corner shop",
        "amount": 5,
        "target_label": "food",
        "data_split": split,
        "ts_month": transacted_at.date().replace(day=1),
        "transacted_date": transacted_at.date(),
        "transacted_at": transacted_at,
        "features_computed_at": transacted_at,
        "label_observed_at": transacted_at + timedelta(hours=1),
    }
    return plain | changes


def clean_rows() -> list[Row]:
    """Ten rows a month, of one merchant, half of them large and labelled rent."""
    rows = []
    for month, split in MONTHS.items():
        for day in range(1, 11):
            large: Row = {"amount": 500, "target_label": "rent"} if day % 2 else {}
            moment = datetime(month.year, month.month, day)
            rows.append(row(f"{month:%m}-{day}", moment, split, **large))
    # the last microsecond of a month is in it
    rows[0]["label_observed_at"] = datetime(2026, 2, 1) - MICROSECOND
    return rows


@dataclass(frozen=True)
class Fault:
    """What is done to clean rows, the test that has to find it, and its words, if any."""

    inject: Callable[[list[Row]], None]
    found_by: str
    reason: str | None = None


def observe_at_month_end(rows: list[Row]) -> None:
    rows[3]["label_observed_at"] = datetime(2026, 2, 1)


def observe_in_future(rows: list[Row]) -> None:
    rows.append(row("future", datetime(datetime.now(UTC).year + 10, 1, 2), "test"))


def compute_too_late(rows: list[Row]) -> None:
    rows[3]["features_computed_at"] = rows[3]["transacted_at"] + MICROSECOND


def repeat_transaction(rows: list[Row]) -> None:
    rows.append({**rows[0], "data_split": "test", "account_id": "a2"})


def repeat_line(rows: list[Row]) -> None:
    rows.append({**rows[0], "data_split": "test", "transaction_id": "copy"})


def repeat_line_by_posting_date(rows: list[Row]) -> None:
    """From 3 May, which is no train, of 29 April, which is no test but for this."""
    spent = {"amount": 7, "account_id": "a2"}
    rows.append(row("spent", datetime(2026, 4, 29), "test", **spent))
    rows.append(row("posted", datetime(2026, 5, 3), "later", **spent))


def label_twice(rows: list[Row]) -> None:
    rows.append({**rows[0], "target_label": "food"})


def spend_more(rows: list[Row]) -> None:
    for spent in rows[-10:-1]:
        spent["amount"] = 50


def label_once(rows: list[Row]) -> None:
    rows[0]["target_label"] = "travel"


def forget_id(rows: list[Row]) -> None:
    rows[3]["transaction_id"] = None


def forget_account(rows: list[Row]) -> None:
    rows[3]["account_id"] = None


def land_twice(rows: list[Row]) -> None:
    rows.append({**rows[0]})


FAULTS = {
    "month_end": Fault(observe_at_month_end, "not_after_month_end", "to be before 2026-02-01"),
    "future": Fault(observe_in_future, "not_in_future", "label_observed_at is 20"),
    "late_features": Fault(compute_too_late, "point_in_time", "after transacted_at 2026-01-04"),
    "repeated_transaction": Fault(
        repeat_transaction, "no_split_overlap_of_ids", "transaction_id is in test and train"
    ),
    "repeated_line": Fault(repeat_line, "no_split_overlap", "description is in test and train"),
    "posted_line": Fault(
        repeat_line_by_posting_date, "no_split_overlap", "in test and later, at most 4 days apart"
    ),
    "two_labels": Fault(label_twice, "no_label_conflict", "is labelled food and rent"),
    "drift": Fault(spend_more, "stable_between_months", "from 2026-03-01 to 2026-04-01"),
    "rare_label": Fault(label_once, "class_balance_floor", "travel has 1 of 40 rows"),
    "no_id": Fault(forget_id, "never_null"),
    "no_account": Fault(forget_account, "never_null"),
    "copied_row": Fault(land_twice, "unique_together"),
}
REASONS = {name: fault for name, fault in FAULTS.items() if fault.reason}


def datasets() -> dict[str, list[Row]]:
    faulty = {name: clean_rows() for name in FAULTS}
    for name, fault in FAULTS.items():
        fault.inject(faulty[name])
    # drift and a rare label, in too few rows to say so
    few = [*clean_rows()[:3], row("one", datetime(2026, 2, 1), "train", amount=50)]
    return {"clean": clean_rows(), "few": few, "none": []} | faulty


def literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"timestamp '{value}'"
    if isinstance(value, date):
        return f"date '{value}'"
    return f"'{value}'" if isinstance(value, str) else str(value)


def select(rows: list[Row]) -> str:
    if not rows:
        return select(clean_rows()[:1]) + " where false"
    return "\nunion all\n".join(
        "select " + ", ".join(f"{literal(value)} as {name}" for name, value in item.items())
        for item in rows
    )


def write_project(folder: Path) -> None:
    """The macros and generic tests of the project, with our rows for models."""
    for name in ("macros", "tests/dbt/generic"):
        shutil.copytree(ROOT / name, folder / name)
    settings = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    own = [part for part in settings.split("\n\n") if not part.startswith(("models:", "seeds:"))]
    (folder / "dbt_project.yml").write_text("\n\n".join(own))
    (folder / "models").mkdir()
    models = []
    for name, rows in datasets().items():
        (folder / "models" / f"{name}.sql").write_text(
            "{{ config(materialized='table') }}\n" + select(rows)
        )
        tests = [
            {generic(test): {"name": f"{name}__{test}", "arguments": arguments}}
            for test, arguments in TESTS.items()
        ]
        models.append({"name": name, "data_tests": tests})
    (folder / "models" / "fixtures.yml").write_text(json.dumps({"version": 2, "models": models}))


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow)])
def tested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of our rows, on which every test has run."""
    if request.param == "duckdb":
        project = Project(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("target"))
    else:
        project = request.getfixturevalue("postgres_project")
        project.parsed = tmp_path_factory.mktemp("target")
    folder = tmp_path_factory.mktemp("fixtures")
    write_project(folder)
    project.extra["DBT_PROJECT_DIR"] = str(folder)
    project.artifacts = True
    project.dbt("build", expect=1)  # some fail
    return project


@pytest.fixture(scope="module")
def failed(tested: Project) -> set[str]:
    results = json.loads((tested.parsed / "run_results.json").read_text())["results"]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    assert len(tests) == len(datasets()) * len(TESTS)
    assert {result["status"] for result in tests} == {"pass", "fail"}
    return {result["unique_id"].split(".")[2] for result in tests if result["status"] == "fail"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_test_alone(failed: set[str], name: str) -> None:
    found_by = {test for test in TESTS if f"{name}__{test}" in failed}
    assert found_by == {FAULTS[name].found_by}


@pytest.mark.parametrize("name", ["clean", "few", "none"])
def test_what_is_no_fault_passes(failed: set[str], name: str) -> None:
    assert [test for test in failed if test.startswith(f"{name}__")] == []


@pytest.mark.parametrize(("name", "fault"), REASONS.items(), ids=REASONS)
def test_rows_are_stored_with_the_reason(tested: Project, name: str, fault: Fault) -> None:
    stored = tested.query(f"select reason from dbt_test__audit.{name}__{fault.found_by}")
    assert stored
    assert all(str(fault.reason) in item["reason"] for item in stored), stored


def test_every_test_that_stores_rows_has_its_fault() -> None:
    files = (ROOT / "tests/dbt/generic").glob("*.sql")
    stored = {path.stem for path in files if "store_failures" in path.read_text(encoding="utf-8")}
    assert {f"test_{generic(fault.found_by)}" for fault in REASONS.values()} == stored
