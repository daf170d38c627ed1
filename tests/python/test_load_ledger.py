"""The simulated ledger: its size, that it repeats itself, and that it leaks what is asked for."""

from __future__ import annotations

import sys
from datetime import date
from itertools import chain
from typing import Any

import pytest
from harness import Project

from demo.ledger_loading import load_ledger
from demo.ledger_options import Leaks, LedgerOptions
from demo.ledger_rows import ledger_batches
from warehouse import MemoryWarehouse
from warehouse.ledger import LEDGER_TABLES

END = date(2026, 11, 1)
SIZE = 4_000

# what came first of each transaction and label; corrections come later
FIRST = """
    with transactions as (
        select * from ledger.transactions
        qualify row_number() over (partition by transaction_id order by loaded_at) = 1
    ),
    labels as (
        select * from ledger.transaction_labels
        qualify row_number() over (partition by label_id order by loaded_at desc) = 1
    ),
    labelled as (
        select
            transactions.* exclude (is_deleted, loaded_at, batch_id),
            label,
            observed_at,
            date_trunc('month', transacted_at) + interval 1 month as month_end,
            transacted_at >= timestamp '2026-10-01' as is_last_month
        from transactions
        inner join labels using (transaction_id)
        where label_id not like '%-2'
    )
"""
# how much of each kind there is
FOUND = {
    "late_labels": """
        select avg(case when observed_at >= month_end then 1.0 else 0 end)
        from labelled
        where not is_last_month and observed_at < timestamp '2100-01-01'
    """,
    "future_labels": """
        select avg(case when observed_at > timestamp '2100-01-01' then 1.0 else 0 end)
        from labelled
    """,
    "late_features": """
        select avg(case when computed_at > transacted_at then 1.0 else 0 end)
        from transactions
        inner join ledger.ml_features using (transaction_id)
    """,
    "duplicates": """
        select avg(case when again.transaction_id is not null then 1.0 else 0 end)
        from transactions
        left join transactions as again
            on transactions.account_id = again.account_id
            and transactions.amount = again.amount
            and transactions.description = again.description
            and transactions.transaction_id <> again.transaction_id
            and date_trunc('month', transactions.transacted_at)
            < date_trunc('month', again.transacted_at)
            and again.transacted_at - transactions.transacted_at < interval 4 day
        where
            transactions.transacted_at < timestamp '2026-10-01'
            and date_trunc('month', transactions.transacted_at)
            < date_trunc('month', transactions.transacted_at + interval 3 day)
            and transactions.transaction_id not like '%-again'
    """,
    "conflicting_labels": """
        select avg(case when label_count > 1 then 1.0 else 0 end)
        from (select count(distinct label) as label_count from labels group by transaction_id)
    """,
    "drift": """
        select avg(case when label = 'travel' then 1.0 else 0 end)
        from labelled
        where is_last_month and description like '% #%'
    """,
    "imbalance": """
        select avg(case when label = 'groceries' then 1.0 else 0 end)
        from labelled
        where description like '% #%'
    """,
}
# shares of a ledger without leaks: 3 and 30 of a hundred purchases
USUAL = {"drift": 0.03, "imbalance": 0.3}


def loaded(**options: Any) -> MemoryWarehouse:
    warehouse = MemoryWarehouse()
    assert load_ledger(warehouse, ledger(**options)) is not None
    return warehouse


def ledger(**options: Any) -> LedgerOptions:
    return LedgerOptions(**{"end": END, "transactions": SIZE, **options})


@pytest.fixture(scope="module")
def clean() -> MemoryWarehouse:
    return loaded()


def value(warehouse: MemoryWarehouse, query: str) -> Any:
    (row,) = warehouse.read(query).to_pylist()
    (found,) = row.values()
    return found


def shares(warehouse: MemoryWarehouse) -> dict[str, float]:
    return {kind: value(warehouse, FIRST + query) for kind, query in FOUND.items()}


def test_every_table_has_rows_and_transactions_are_as_many_as_asked_for(
    clean: MemoryWarehouse,
) -> None:
    for table in LEDGER_TABLES:
        assert value(clean, f"select count(*) from {table.qualified_name}") > 0, table.name
    assert value(clean, "select count(distinct transaction_id) from ledger.transactions") == SIZE


@pytest.mark.parametrize("size", [0, 1, 7, 481])
def test_small_ledgers_have_their_size_too(size: int) -> None:
    ids = {
        row[0]
        for rows in ledger_batches(ledger(transactions=size))
        for row in rows.get("transactions", ())
    }
    assert len(ids) == size


def test_equal_options_give_equal_rows() -> None:
    def rows(seed: int) -> list[Any]:
        options = ledger(transactions=900, seed=seed)
        return list(chain.from_iterable(batch.items() for batch in ledger_batches(options)))

    assert rows(7) == rows(7)
    assert rows(7) != rows(8)


def test_a_ledger_without_leaks_has_none(clean: MemoryWarehouse) -> None:
    found = shares(clean)
    assert found == {**dict.fromkeys(FOUND, 0), **{kind: found[kind] for kind in USUAL}}
    assert found["drift"] == pytest.approx(USUAL["drift"], abs=0.03)
    assert found["imbalance"] == pytest.approx(USUAL["imbalance"], abs=0.04)


@pytest.mark.parametrize("kind", FOUND)
def test_each_leak_brings_its_kind_and_no_other(kind: str, clean: MemoryWarehouse) -> None:
    found = shares(loaded(leaks=Leaks(**{kind: 0.6})))
    usual = USUAL.get(kind, 0)
    assert found.pop(kind) == pytest.approx(usual + 0.6 * (1 - usual), abs=0.09)
    expected = shares(clean)
    expected.pop(kind)
    # a kind that changes purchases changes their mix, of course
    changed = {"drift": ("imbalance",), "imbalance": ("drift",)}.get(kind, ())
    for other in changed:
        assert found.pop(other) < expected.pop(other) + 0.02
    assert found == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("kind", ["late_labels", "future_labels", "late_features"])
def test_leaks_leave_the_transactions_as_they_are(kind: str, clean: MemoryWarehouse) -> None:
    query = """
        select transacted_at, amount, description, is_deleted
        from ledger.transactions
        order by all
    """
    assert loaded(leaks=Leaks(**{kind: 1.0})).read(query).equals(clean.read(query))


def test_features_are_what_was_known_right_before_the_transaction(clean: MemoryWarehouse) -> None:
    differing = f"""
        {FIRST},
        past as (
            select
                transaction_id,
                count(*) over merchant_90d as merchant_count_90d,
                avg(abs(amount)) over merchant_90d as merchant_mean_amount_90d,
                epoch(transacted_at - max(transacted_at) over merchant_ever) / 86400
                    as days_since_merchant,
                count(*) over account_30d as account_count_30d,
                avg(abs(amount)) over account_30d as account_mean_amount_30d,
                isodow(transacted_at) as day_of_week,
                day(transacted_at) as day_of_month,
                amount > 0 as is_credit
            from transactions
            window
                merchant_90d as (
                    partition by account_id, merchant order by transacted_at
                    range between interval 90 day preceding and interval 1 microsecond preceding
                ),
                merchant_ever as (
                    partition by account_id, merchant order by transacted_at
                    rows between unbounded preceding and 1 preceding
                ),
                account_30d as (
                    partition by account_id order by transacted_at
                    range between interval 30 day preceding and interval 1 microsecond preceding
                )
        )
        select count(*)
        from past
        inner join ledger.ml_features as features using (transaction_id)
        where
            past.merchant_count_90d <> features.merchant_count_90d
            or past.account_count_30d <> features.account_count_30d
            or past.day_of_week <> features.day_of_week
            or past.day_of_month <> features.day_of_month
            or past.is_credit <> features.is_credit
            or round(past.merchant_mean_amount_90d, 6)
            is distinct from round(features.merchant_mean_amount_90d, 6)
            or round(past.account_mean_amount_30d, 6)
            is distinct from round(features.account_mean_amount_30d, 6)
            or round(past.days_since_merchant, 6)
            is distinct from round(features.days_since_merchant, 6)
    """
    assert value(clean, differing) == 0
    assert value(clean, "select max(merchant_count_90d) from ledger.ml_features") > 10
    imported = "select count(distinct transaction_id) from ledger.transactions where source = ?"
    bank = clean.read(imported, ["bank"]).to_pylist()[0].popitem()[1]
    assert value(clean, "select count(*) from ledger.ml_features") == bank < SIZE


def test_a_correction_is_received_after_what_it_corrects(clean: MemoryWarehouse) -> None:
    for table, key in (("transactions", "transaction_id"), ("transaction_labels", "label_id")):
        versions = f"""
            select
                count(*) filter (where n = 2) as corrected,
                count(*) filter (where n <> received) as in_doubt,
                max(n) as most
            from (
                select {key}, count(*) as n, count(distinct loaded_at) as received
                from ledger.{table}
                group by 1
            )
        """
        (row,) = clean.read(versions).to_pylist()
        assert row["corrected"] > SIZE / 100
        assert row["in_doubt"] == 0
        assert row["most"] == 2
        assert value(clean, f"select count(*) from ledger.{table} where is_deleted") > 0


def test_nothing_is_known_before_it_happens_or_after_the_end() -> None:
    warehouse = loaded(end=date(2026, 11, 17), months=3)
    times = {
        "transactions": "transacted_at",
        "transaction_labels": "observed_at",
        "ml_features": "computed_at",
        "suggestion_events": "suggested_at",
        "suggestion_feedback": "feedback_at",
        "model_registry": "registered_at",
        "ml_training_runs": "coalesce(finished_at, started_at)",
    }
    for table, time in times.items():
        assert value(warehouse, f"select max({time}) < '2026-11-17' from ledger.{table}"), table
    assert value(warehouse, "select min(transacted_at) from ledger.transactions").month == 9
    too_early = """
        select count(*)
        from ledger.transaction_labels
        inner join ledger.transactions using (transaction_id)
        where observed_at < transacted_at
    """
    assert value(warehouse, too_early) == 0


def test_models_suggest_and_users_answer_some_of_it_months_later(clean: MemoryWarehouse) -> None:
    by_version = """
        select
            right(model_version, 2) as version,
            avg(case when suggested_label = label then 1.0 else 0 end) as accuracy,
            avg(confidence) as confidence
        from ledger.suggestion_events
        inner join labels using (transaction_id)
        group by 1
        order by 1
    """
    first, second, degraded, good = clean.read(FIRST + by_version).to_pylist()
    assert degraded["accuracy"] < 0.7 < min(one["accuracy"] for one in (first, second, good))
    assert degraded["confidence"] > 0.85
    delays = """
        select
            count(*) filter (where feedback_at > suggested_at + interval 30 day) as late,
            count(*) filter (where feedback_at < suggested_at) as too_early,
            count(distinct feedback) as kinds,
            count(*) filter (where (feedback = 'corrected') <> (corrected_label is not null)) as odd
        from ledger.suggestion_feedback
        inner join ledger.suggestion_events using (suggestion_id)
    """
    (row,) = clean.read(delays).to_pylist()
    assert row["late"] > 0
    assert (row["too_early"], row["kinds"], row["odd"]) == (0, 3, 0)
    stages = (
        "select stage from ledger.model_registry where model_version like '%v1' order by loaded_at"
    )
    assert [row["stage"] for row in clean.read(stages).to_pylist()] == [
        *("staging", "production", "archived")
    ]
    runs = "select status, count(*) as n from ledger.ml_training_runs group by 1 order by 1"
    assert clean.read(runs).to_pylist() == [
        {"status": "failed", "n": 1},
        {"status": "running", "n": 5},
        {"status": "succeeded", "n": 4},
    ]


def test_a_ledger_is_loaded_once_and_another_shares_no_id_with_it() -> None:
    warehouse = loaded(transactions=500)
    assert load_ledger(warehouse, ledger(transactions=500)) is None
    assert load_ledger(warehouse, ledger(transactions=500, seed=8)) is not None
    ids = "select count(distinct transaction_id) from ledger.transactions"
    assert value(warehouse, ids) == 1_000


def test_the_command_says_what_it_loaded_and_that_it_did_before(project: Project) -> None:
    def load(*options: str, expect: int = 0) -> Any:
        command = (sys.executable, "-m", "demo", "load-ledger", *options)
        return project.run(*command, expect=expect)

    project.extra["GENIE_SCHEMA_PREFIX"] = "ada_"
    options = ("--transactions", "200", "--end", "2026-11-01", "--drift", "0.5")
    assert "transactions: 20" in load(*options).stdout
    assert load(*options).stdout == "nothing new: this ledger was loaded before\n"
    ids = "select count(distinct transaction_id) from ada_ledger.transactions"
    assert project.value(ids) == 200
    assert "months must be at least 1" in load("--months", "0", expect=64).stderr
    assert "0<=x<=1" in load("--drift", "2", expect=64).stderr
