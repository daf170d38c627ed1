"""The functions of Genie's Python models, from the models' own files."""

from __future__ import annotations

import importlib.util
from datetime import date
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from harness import ROOT

pytest.importorskip("sklearn", reason="the optional dependencies ml are not installed")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, ROOT / f"models/genie/gold/python/{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


anomalies = load("genie_space_day_anomalies")
duplicates = load("genie_near_duplicates")
topics = load("genie_prompt_topics")


def day(moment: date, value: float | None, least_spread: float = 1.0) -> dict[str, Any]:
    return {
        "workspace_id": "w1",
        "workspace_name": "First",
        "space_id": "s1",
        "space_name": "Sales",
        "metric_date": moment,
        "metric_name": "user_count",
        "metric_value": value,
        "least_spread": least_spread,
    }


def test_a_day_is_judged_by_the_same_weekday_of_the_weeks_before() -> None:
    """The figures are those of the unit test of the twin."""
    thursdays = [(1, 10.0), (8, 12.0), (15, 14.0), (22, 20.0), (29, None)]
    rows = [day(date(2026, 1, number), value) for number, value in thursdays]
    rows += [day(date(2026, 1, 23), 900.0), day(date(2026, 2, 5), 40.0)]
    found = anomalies.judged(pa.Table.from_pylist(rows)).to_pylist()
    by_date = {row["metric_date"]: row for row in found}
    told = {moment: row["anomaly_status"] for moment, row in by_date.items()}
    assert told.pop(date(2026, 1, 29)) == "no_value"
    assert told.pop(date(2026, 2, 5)) == "high"
    assert set(told.values()) == {"too_few_weeks"}
    last = by_date[date(2026, 2, 5)]
    assert last["expected_value"] == 13
    assert (last["lowest_expected"], last["highest_expected"]) == (2.6218, 23.3782)
    assert last["anomaly_score"] == 9.105625


def test_a_small_spread_is_none() -> None:
    row = day(date(2026, 2, 5), 0.0, least_spread=2.0)
    found = anomalies.expectation(row, [8.0, 8.0, 8.0, 8.0])
    assert found["anomaly_status"] == "low"
    assert found["anomaly_score"] == -4  # 8 by the least spread, 2
    assert (found["lowest_expected"], found["highest_expected"]) == (1, 15)
    steady = anomalies.expectation(day(date(2026, 2, 5), 130.0), [100.0] * 4)
    assert steady["anomaly_score"] == 3  # 30 by a tenth of 100
    assert steady["anomaly_status"] == "usual"


def test_halves_are_rounded_as_sql_does() -> None:
    assert anomalies.rounded(0.0078125) == 0.007813
    assert anomalies.rounded(-0.0078125) == -0.007813


def asked(*questions: str) -> list[dict[str, Any]]:
    return [
        {
            "question_key": f"k{rank}",
            "workspace_id": "w1",
            "workspace_name": "First",
            "space_id": "s1",
            "space_name": "Sales",
            "normalised_question": question,
            "question_rank": rank,
            "ask_count": len(questions) + 1 - rank,
            "answered_count": 1,
        }
        for rank, question in enumerate(questions, start=1)
    ]


def test_questions_that_say_the_same_follow_the_most_asked_one() -> None:
    rows = asked(
        "what is total revenue by region",
        "how many new hires came last month",
        "what is the total revenue by region",
        "which customers spent the most",
    )
    found = duplicates.near_duplicates(rows[::-1])
    assert [row["question_key"] for row in found] == ["k1", "k3"]
    assert {row["leader_key"] for row in found} == {"k1"}
    assert {row["leading_question"] for row in found} == {"what is total revenue by region"}
    assert found[0]["similarity"] == 1
    assert duplicates.NEAR <= found[1]["similarity"] < 1
    assert {row["group_ask_count"] for row in found} == {4 + 2}
    assert duplicates.near_duplicates(rows) == found


@pytest.mark.parametrize("questions", [(), ("how many orders",), ("how many", "who left")])
def test_few_questions_have_no_near_ones(questions: tuple[str, ...]) -> None:
    assert duplicates.near_duplicates(asked(*questions)) == []


def test_topics_are_found_and_named_and_stay() -> None:
    revenue = [f"total revenue by {name}" for name in ("region", "channel", "product", "month")]
    people = [f"new hires in {name}" for name in ("sales", "finance", "legal", "support")]
    rows = asked(*revenue, *people)
    found = topics.with_topics(rows)
    assert found == topics.with_topics(rows[::-1])
    by_topic: dict[int, set[str]] = {}
    for row in found:
        by_topic.setdefault(row["topic_number"], set()).add(row["normalised_question"])
    assert by_topic == {1: set(revenue), 2: set(people)}  # those of more rank are asked more
    labels = {row["topic_number"]: row["topic_label"] for row in found}
    assert set(labels[1].split()) >= {"total", "revenue"}
    assert sum(row["is_typical"] for row in found) == 2
    assert {row["topic_question_count"] for row in found} == {4}


def test_questions_without_words_that_mean_something_are_one_topic() -> None:
    found = topics.with_topics(asked("who is it", "what is this"))
    assert [(row["topic_number"], row["topic_label"]) for row in found] == [(1, None), (1, None)]


def test_no_questions_give_no_rows() -> None:
    """As where their text was redacted."""
    columns = [*topics.KEYS, *topics.COUNTS]
    nothing = pa.table({name: pa.array([], pa.string()) for name in columns})
    assert topics.by_space(nothing).schema == topics.TOPICS
    assert duplicates.by_space(nothing).schema == duplicates.DUPLICATES
