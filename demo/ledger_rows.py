"""Rows of a simulated ledger, in the order in which they would have been received.

Times are microseconds since the epoch, dates days, amounts hundredths of the currency.
"""

import random
from collections.abc import Iterator
from math import log
from typing import Any

from demo.ledger_accounts import Account, Line, build_accounts
from demo.ledger_features import FeatureStore
from demo.ledger_models import Models
from demo.ledger_options import DAY_US, LedgerOptions
from demo.merchants import LABELS
from warehouse.ledger import (
    ML_FEATURES,
    ML_TRAINING_RUNS,
    MODEL_REGISTRY,
    REJECTED_LINES,
    SUGGESTION_EVENTS,
    SUGGESTION_FEEDBACK,
    TRANSACTION_LABELS,
    TRANSACTIONS,
)

CURRENCY = "USD"

_BATCH_TRANSACTIONS = 50_000
_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_CENTURY_US = 36_525 * DAY_US
_LATE_DAYS = 19
_DELAYS_DAYS = {"user": 3.0, "rule": 0.001, "model": 0.0001, "import": 0.0}
_REJECTED_OF = 5_000
_MOST_REJECTED = 1_000

# shares of what happens to any ledger
_CORRECTED, _DELETED = 0.01, 0.003
_WRONG_AT_FIRST = 0.02
_SUGGESTED, _ANSWERED, _ANSWERED_TWICE, _MONTHS_LATER = 0.3, 0.5, 0.01, 0.06
_CORRECTED_OF_WRONG = 0.7
# shares, summed up, of who gave the label of a transaction of a bank feed; the rest has none
_SOURCES = ((0.40, "user"), (0.78, "rule"), (0.95, "model"))

Rows = dict[str, list[tuple[Any, ...]]]


def ledger_batches(options: LedgerOptions) -> Iterator[Rows]:
    """Yield rows by table in batches; a later batch corrects what an earlier one said.

    The columns are those of the table without loaded_at and batch_id. A ledger without
    transactions is empty.
    """
    if not options.transactions:
        return
    models = Models(options)
    for number, registered in enumerate(models.registry()):
        yield {MODEL_REGISTRY.name: registered} | (
            {REJECTED_LINES.name: _rejected_lines(options)} if not number else {}
        )
    for runs in models.training_runs():
        yield {ML_TRAINING_RUNS.name: runs}
    scribe = _Scribe(options, models)
    for account in build_accounts(options):
        scribe.write(account)
        if scribe.is_full:
            yield from scribe.take()
    yield from scribe.take()


class _Scribe:
    """Writes accounts down."""

    def __init__(self, options: LedgerOptions, models: Models) -> None:
        self._options = options
        self._leaks = options.leaks
        self._models = models
        self._end_us = options.end_us
        self._empty()

    def _empty(self) -> None:
        tables = (
            *(TRANSACTIONS, TRANSACTION_LABELS, ML_FEATURES),
            *(SUGGESTION_EVENTS, SUGGESTION_FEEDBACK),
        )
        self._rows: Rows = {table.name: [] for table in tables}
        self._corrections: Rows = {table.name: [] for table in (TRANSACTIONS, TRANSACTION_LABELS)}

    @property
    def is_full(self) -> bool:
        return len(self._rows[TRANSACTIONS.name]) >= _BATCH_TRANSACTIONS

    def take(self) -> Iterator[Rows]:
        """Yield what was written, then what corrects it, and begin anew."""
        yield self._rows
        yield self._corrections
        self._empty()

    def write(self, account: Account) -> None:
        self._chance = random.Random(f"{self._options.seed} {account.number} rows")
        self._leak = random.Random(f"{self._options.seed} {account.number} row leaks")
        store = FeatureStore()
        for line in account.lines:
            transaction_id = f"{account.account_id}-{line.number:05d}"
            if line.is_again:
                transaction_id += "-again"
            # a duplicate draws by itself, so that the lines behind it stay as they are
            chance = random.Random(transaction_id) if line.is_again else self._chance
            self._write_transaction(account, line, transaction_id, chance)
            self._write_label(account, line, transaction_id, chance)
            if not account.is_imported:
                self._write_features(store, line, transaction_id)
                self._write_suggestion(line, transaction_id, chance)

    def _write_transaction(
        self, account: Account, line: Line, transaction_id: str, chance: random.Random
    ) -> None:
        def row(cents: int, *, is_deleted: bool) -> tuple[Any, ...]:
            return (
                transaction_id,
                account.account_id,
                line.at_us,
                cents,
                CURRENCY,
                line.description,
                None if account.is_imported else line.merchant,
                "import" if account.is_imported else "bank",
                is_deleted,
            )

        self._rows[TRANSACTIONS.name].append(row(line.cents, is_deleted=False))
        fate = chance.random()
        if fate < _CORRECTED:  # as restaurants do with tips
            again = row(line.cents + line.cents // 10, is_deleted=False)
            self._corrections[TRANSACTIONS.name].append(again)
        elif fate < _CORRECTED + _DELETED:
            self._corrections[TRANSACTIONS.name].append(row(line.cents, is_deleted=True))

    def _write_label(
        self, account: Account, line: Line, transaction_id: str, chance: random.Random
    ) -> None:
        given, delay, fate, other = (chance.random() for _ in range(4))
        source = next((name for share, name in _SOURCES if given < share), None)
        if source is None:
            return
        if account.is_imported:
            source = "import"
        in_time_us = line.month.end_us - _SECOND_US
        delay_us = int(-log(1 - delay) * _DELAYS_DAYS[source] * DAY_US)
        observed_us = self._observed_us(line, min(line.at_us + delay_us, in_time_us))
        if self._end_us <= observed_us < self._end_us + _CENTURY_US // 2:
            return  # nobody knows it yet
        label_id = f"{transaction_id}-label"
        wrong = _another_label(line.label, other)
        is_wrong_at_first = fate < _WRONG_AT_FIRST
        first = wrong if is_wrong_at_first else line.label
        rows = self._rows[TRANSACTION_LABELS.name]
        rows.append((label_id, transaction_id, first, source, observed_us, False))
        corrections = self._corrections[TRANSACTION_LABELS.name]
        if is_wrong_at_first:
            known_us = max(observed_us, min(observed_us + DAY_US, in_time_us))
            known_us = observed_us if known_us >= self._end_us else known_us
            corrections.append((label_id, transaction_id, line.label, source, known_us, False))
        elif fate > 1 - _DELETED:
            corrections.append((label_id, transaction_id, first, source, observed_us, True))
        share = self._leaks.conflicting_labels
        if share and self._leak.random() < share:
            rows.append((f"{label_id}-2", transaction_id, wrong, source, observed_us, False))

    def _observed_us(self, line: Line, usual_us: int) -> int:
        leaks = self._leaks
        if leaks.future_labels and self._leak.random() < leaks.future_labels:
            return usual_us + _CENTURY_US
        if leaks.late_labels and self._leak.random() < leaks.late_labels:
            late_us = line.month.end_us + int((1 + _LATE_DAYS * self._leak.random()) * DAY_US)
            return late_us if late_us < self._end_us else usual_us
        return usual_us

    def _write_features(self, store: FeatureStore, line: Line, transaction_id: str) -> None:
        late_us, share = 0, self._leaks.late_features
        if share and self._leak.random() < share:
            late_us = int((1 + 11 * self._leak.random()) * _HOUR_US)
        self._rows[ML_FEATURES.name].append(store.compute(line, transaction_id, late_us))

    def _write_suggestion(self, line: Line, transaction_id: str, chance: random.Random) -> None:
        suggested, met, right, sure, other = (chance.random() for _ in range(5))
        model = self._models.serving(line.at_us, met)
        suggested_us = line.at_us + int((1 + 59 * sure) * _SECOND_US)
        if model is None or suggested >= _SUGGESTED:
            return
        is_right = right < model.accuracy
        label = line.label if is_right else _another_label(line.label, other)
        lowest = model.sure if is_right or model.is_degraded else model.sure - 0.3
        confidence = round(lowest + sure * (0.99 - model.sure), 4)
        suggestion_id = f"{transaction_id}-suggestion"
        event = (suggestion_id, transaction_id, model.version, label, confidence, suggested_us)
        self._rows[SUGGESTION_EVENTS.name].append(event)
        self._write_feedback(suggestion_id, line.label, is_right, suggested_us, chance)

    def _write_feedback(
        self,
        suggestion_id: str,
        label: str,
        is_right: bool,
        suggested_us: int,
        chance: random.Random,
    ) -> None:
        answered, mood, when, how_late = (chance.random() for _ in range(4))
        if answered >= _ANSWERED:
            return
        days = 30 + 90 * how_late if when < _MONTHS_LATER else 2 * how_late
        feedback_us = suggested_us + int(days * DAY_US) + _SECOND_US
        answers: list[tuple[str, str | None]] = [("rejected", None)]
        if is_right:
            answers = [("accepted", None)]
        elif mood < _CORRECTED_OF_WRONG:
            answers = [("corrected", label)]
        if answered < _ANSWERED_TWICE:  # a slip of the finger before
            answers.insert(0, ("rejected", None))
        for number, (feedback, corrected) in enumerate(answers, start=1):
            given_us = feedback_us + (number - 1) * _HOUR_US
            if given_us < self._end_us:
                row = (f"{suggestion_id}-{number}", suggestion_id, feedback, corrected, given_us)
                self._rows[SUGGESTION_FEEDBACK.name].append(row)


def _rejected_lines(options: LedgerOptions) -> list[tuple[Any, ...]]:
    count = min(_MOST_REJECTED, 1 + options.transactions // _REJECTED_OF)
    return [
        (
            f"statement-{number:04d}.csv",
            f"{options.key}{number:056d}",
            number + 2,
            f"31/31/2026,CORNER GROCER #{1000 + number},-12.00",
            "no date",
        )
        for number in range(count)
    ]


def _another_label(label: str, draw: float) -> str:
    others = [other for other in LABELS if other != label]
    return others[int(draw * len(others))]
