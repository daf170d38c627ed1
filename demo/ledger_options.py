"""What a simulated ledger is to be like, and its calendar."""

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from demo.ids import to_us

DAY_US = 86_400_000_000

_KEY_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """How much of what must not be in training data; without arguments there is none.

    Each is a share from 0 to 1 and brings its own kind alone; what a ledger without leaks holds
    stays as it is, but for what the kind changes.

    Attributes:
        late_labels: Of labels: observed up to 20 days after their month. The last month has none,
            nobody would know of them yet.
        future_labels: Of labels: observed a hundred years later, by a slip of the year.
        late_features: Of features: computed up to half a day after their transaction, which they
            count in.
        duplicates: Of transactions in the last three days of a month: there again under another
            id, three days later, as if by an export that goes by posting date. They lie on both
            sides of a split by month.
        conflicting_labels: Of labels: a second one from the same source says otherwise.
        drift: Of purchases in the last month: travel, at three times the usual amounts.
        imbalance: Of purchases: groceries, whatever they would have been.

    Raises:
        ValueError: A share is not from 0 to 1.
    """

    late_labels: float = 0.0
    future_labels: float = 0.0
    late_features: float = 0.0
    duplicates: float = 0.0
    conflicting_labels: float = 0.0
    drift: float = 0.0
    imbalance: float = 0.0

    def __post_init__(self) -> None:
        for share in fields(self):
            if not 0 <= getattr(self, share.name) <= 1:
                raise ValueError(
                    f"{share.name} must be from 0 to 1, not {getattr(self, share.name)}"
                )


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the ledger, in microseconds since the epoch.

    `end_us` is where the next one starts, `until_us` where the ledger ends if that is earlier.
    """

    number: int
    start_us: int
    end_us: int
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions:
    """What a ledger follows from: equal options give equal rows.

    Attributes:
        end: The day before which it ends, UTC.
        transactions: How many, duplicates not counted.
        months: Calendar months; the last one is that of the day before the end.
        seed: Another seed, another ledger.
        leaks: What is wrong with it.

    Raises:
        ValueError: A number is out of range.
    """

    end: date
    transactions: int = 20_000
    months: int = 12
    seed: int = 7
    leaks: Leaks = Leaks()

    def __post_init__(self) -> None:
        if self.transactions < 0:
            raise ValueError(f"transactions must be at least 0, not {self.transactions}")
        if self.months < 1:
            raise ValueError(f"months must be at least 1, not {self.months}")
        if _months_before(self.end, self.months) is None:
            raise ValueError(f"there are no {self.months} months before {self.end}")

    @property
    def key(self) -> str:
        """What begins every id, so that two ledgers in one database share none."""
        text = repr((self.end, self.transactions, self.months, self.seed, astuple(self.leaks)))
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]

    @property
    def end_us(self) -> int:
        """Microseconds since the epoch."""
        return _midnight_us(self.end)

    def calendar(self) -> tuple[Month, ...]:
        """Return the months, the oldest first."""
        return tuple(self._calendar())

    def _calendar(self) -> Iterator[Month]:
        start = _months_before(self.end, self.months)
        while start is not None and start < self.end:
            following = (start + timedelta(days=31)).replace(day=1)
            end_us = _midnight_us(following)
            yield Month(start.month, _midnight_us(start), end_us, min(end_us, self.end_us))
            start = following


def _months_before(end: date, months: int) -> date | None:
    """Return the first day of the oldest month; None before the calendar begins."""
    last = end - timedelta(days=1)
    number = last.year * 12 + last.month - months  # of the month before, counted from year 0
    year, month = divmod(number, 12)
    return date(year, month + 1, 1) if year >= 1 else None


def _midnight_us(day: date) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
