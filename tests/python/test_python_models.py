"""The functions of the ledger's Python models, from the models' own files."""

from __future__ import annotations

import importlib.util
import math
from types import ModuleType
from typing import Any

import pytest
from harness import ROOT

pd = pytest.importorskip("pandas", reason="the optional dependencies ml are not installed")
np = pytest.importorskip("numpy")
pytest.importorskip("sklearn", reason="the optional dependencies ml are not installed")

LABELS = {"shop": "food", "rent": "home", "bus": "travel"}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"models/ml/marts/python/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


profile, baseline = load("ml_feature_profile"), load("ml_baseline_metrics")


def test_the_stability_index_is_that_of_the_formula() -> None:
    assert profile.stability_index([5, 5], [50, 50]) == 0
    moved = 0.4 * math.log(0.9 / 0.5) - 0.4 * math.log(0.1 / 0.5)
    assert profile.stability_index([5, 5], [9, 1]) == pytest.approx(moved)
    new_bin = (1 - 0.0001) * math.log(1 / 0.0001) * 2
    assert profile.stability_index([10, 0], [0, 10]) == pytest.approx(new_bin)


def rows() -> Any:
    """Four months of three merchants, each with its label; in the last, one merchant is new."""
    found = []
    for number in range(120):
        merchant = [*LABELS][number % 3]
        found.append(
            {
                **dict.fromkeys(baseline.NUMBERS, float(number % 7)),
                "transaction_id": f"t{number:03}",
                "ts_month": pd.Timestamp(2026, number // 30 + 1, 1),
                "merchant_name": merchant,
                "target_label": LABELS[merchant],
            }
        )
    frame = pd.DataFrame(found)
    frame.loc[frame.index[-1], "merchant_name"] = "never seen"
    frame.loc[::5, "days_since_merchant"] = np.nan
    return frame


def test_a_month_is_tested_on_its_past_alone() -> None:
    found = baseline.evaluate(rows())
    assert {row["ts_month"].month for row in found} == {2, 3, 4}  # before January is nothing
    assert all(row["trained_count"] == 30 * (row["ts_month"].month - 1) for row in found)
    assert all(row["f1_score"] == 1 for row in found if row["ts_month"].month < 4)
    changed = rows()
    changed.loc[changed["ts_month"] == pd.Timestamp(2026, 3, 1), "target_label"] = "food"
    march = [row for row in baseline.evaluate(changed) if row["ts_month"].month == 3]
    assert {row["target_label"]: row["support"] for row in march} == {
        "food": 30,
        "home": 0,
        "travel": 0,
    }
    assert [row["predicted_count"] for row in march] == [10, 10, 10]  # as if nothing had changed
    assert [row["recall_score"] for row in march] == [pytest.approx(1 / 3), None, None]


def test_the_same_rows_give_the_same_figures() -> None:
    assert baseline.evaluate(rows()) == baseline.evaluate(rows())


def test_the_calibration_error_is_that_of_the_formula() -> None:
    actual = np.array([True, False, True, True])
    assert baseline.calibration_error(actual, np.array([1.0, 0.0, 1.0, 1.0])) == 0
    # half of the rows are 0.5 sure and half right, the others 0.9 sure and all right
    shares = np.array([0.5, 0.5, 0.9, 0.9])
    assert baseline.calibration_error(actual, shares) == pytest.approx(0.5 * 0 + 0.5 * 0.1)


def test_a_past_of_one_label_teaches_nothing() -> None:
    of_food = rows().assign(target_label="food")
    assert baseline.evaluate(of_food) == []
    assert baseline.evaluate(of_food.iloc[:0]) == []
