"""The lines of an account: salary, rent, bills, subscriptions, purchases as seasons have them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from demo.ledger_options import DAY_US, LedgerOptions, Month
from demo.merchants import (
    CITIES,
    EMPLOYERS,
    GROCERIES,
    LANDLORDS,
    PURCHASES,
    SUBSCRIPTIONS,
    TRAVEL,
    UTILITIES,
    Merchant,
)

LINES_A_MONTH = 40  # of an account
_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_OPENS_US, _OPEN_US = 7 * _HOUR_US, 15 * _HOUR_US  # shops: from seven, fifteen hours
_IMPORTED_OF = 8  # every eighth account comes by files of exports
_REPEATED_US = 3 * DAY_US
_DRIFTED_TIMES = 3
# purchases by month, January first
_SEASON = (0.8, 0.85, 0.95, 1.0, 1.0, 1.05, 1.15, 1.1, 0.95, 1.0, 1.15, 1.5)
_WINTER = frozenset({11, 12, 1, 2})
_CUMULATIVE = tuple(accumulate(category.weight for category in PURCHASES))


@dataclass(slots=True)
class Line:
    """A transaction; times in microseconds since the epoch, amounts in hundredths.

    Attributes:
        number: Place among the account's; a duplicate has that of its original.
        at_us: When the money moved.
        cents: Negative where it leaves the account.
        merchant: As the bank names it.
        label: What it was for.
        description: The bank's text.
        month: That of `at_us`.
        is_again: A duplicate of the line with the same number.
    """

    number: int
    at_us: int
    cents: int
    merchant: str
    label: str
    description: str
    month: Month
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its lines by time; the clocks of two differ, but for those of an import."""

    number: int
    account_id: str
    is_imported: bool
    lines: tuple[Line, ...]


def build_accounts(options: LedgerOptions) -> Iterator[Account]:
    """Yield account after account, each with its whole history; memory holds one."""
    total = options.transactions
    count = -(-total // (LINES_A_MONTH * options.months))
    calendar = options.calendar()
    for number in range(count):
        size = total * (number + 1) // count - total * number // count
        yield _Builder(options, calendar, number).build(size)


class _Builder:
    """Builds one account; what leaks is drawn apart, so that the rest stays as it was."""

    def __init__(self, options: LedgerOptions, calendar: tuple[Month, ...], number: int) -> None:
        self._chance = random.Random(f"{options.seed} {number}")
        self._leak = random.Random(f"{options.seed} {number} leaks")
        self._leaks = options.leaks
        self._end_us = options.end_us
        self._calendar = calendar
        self._number = number
        self._account_id = f"{options.key}-{number:06d}"
        self._is_imported = number % _IMPORTED_OF == 1
        self._city = CITIES[number % len(CITIES)]
        self._taken: set[int] = set()
        self._lines: list[Line] = []

    def build(self, size: int) -> Account:
        recurring = sorted(self._recurring(), key=lambda planned: planned[0])[:size]
        for at_us, cents, merchant, label, month in recurring:
            self._add(at_us, cents, merchant.name, label, merchant.name, month)
        self._add_purchases(size - len(recurring))
        self._lines.sort(key=lambda line: line.at_us)
        for number, line in enumerate(self._lines):
            line.number = number
        self._add_duplicates()
        return Account(self._number, self._account_id, self._is_imported, tuple(self._lines))

    def _recurring(self) -> Iterator[tuple[int, int, Merchant, str, Month]]:
        """Yield what comes every month: when, how much, from whom, what it is."""
        chance = self._chance
        employer, landlord = chance.choice(EMPLOYERS), chance.choice(LANDLORDS)
        salary = chance.randint(employer.lowest, employer.highest)
        rent = -salary * chance.randint(25, 40) // 100
        subscriptions = chance.sample(SUBSCRIPTIONS, chance.randint(2, 4))
        days = [chance.randint(6, 28) for _ in subscriptions]
        for month in self._calendar:
            planned = [
                (25, salary, employer, "income"),
                (1, rent, landlord, "housing"),
                *((5, self._bill(one, month), one, "utilities") for one in UTILITIES),
                *(
                    (day, -one.lowest, one, "subscriptions")
                    for day, one in zip(days, subscriptions, strict=True)
                ),
            ]
            for day, cents, merchant, label in planned:
                at_us = month.start_us + (day - 1) * DAY_US + 6 * _HOUR_US
                if at_us < month.until_us:
                    yield at_us, cents, merchant, label, month

    def _bill(self, merchant: Merchant, month: Month) -> int:
        usual = self._chance.randint(merchant.lowest, merchant.highest)
        return -(usual * 3 // 2 if month.number in _WINTER else usual)

    def _add_purchases(self, count: int) -> None:
        weights = [
            _SEASON[month.number - 1] * (month.until_us - month.start_us)
            for month in self._calendar
        ]
        months = self._chance.choices(self._calendar, weights, k=count)
        categories = self._chance.choices(PURCHASES, cum_weights=_CUMULATIVE, k=count)
        draw = self._chance.random
        last = self._calendar[-1]
        for month, usual in zip(months, categories, strict=True):
            category, times = usual, 1
            if self._leaks.imbalance and self._leak.random() < self._leaks.imbalance:
                category = GROCERIES
            if month is last and self._leaks.drift and self._leak.random() < self._leaks.drift:
                category, times = TRAVEL, _DRIFTED_TIMES
            days = (month.until_us - month.start_us) // DAY_US
            at_us = month.start_us + int(draw() * days) * DAY_US
            at_us += _OPENS_US + int(draw() * _OPEN_US) // _SECOND_US * _SECOND_US
            chosen = draw()
            merchant = category.merchants[int(chosen * chosen * len(category.merchants))]
            share = draw()
            cents = merchant.lowest + int(share * share * (merchant.highest - merchant.lowest))
            text = f"{merchant.name} #{int(draw() * 9000) + 1000} {self._city}"
            self._add(at_us, -cents * times, merchant.name, category.label, text, month)

    def _add_duplicates(self) -> None:
        share = self._leaks.duplicates
        if not share:
            return
        again = [
            line
            for line in self._lines
            if line.at_us >= line.month.end_us - _REPEATED_US and self._leak.random() < share
        ]
        following = dict(zip(self._calendar, self._calendar[1:], strict=False))
        for line in again:
            month = following.get(line.month)
            if month is not None and line.at_us + _REPEATED_US < self._end_us:
                at_us = self._free(line.at_us + _REPEATED_US)
                self._lines.append(replace(line, at_us=at_us, month=month, is_again=True))
        self._lines.sort(key=lambda line: line.at_us)

    def _add(
        self, at_us: int, cents: int, merchant: str, label: str, description: str, month: Month
    ) -> None:
        self._lines.append(Line(0, self._free(at_us), cents, merchant, label, description, month))

    def _free(self, at_us: int) -> int:
        """Return the next second that no other line has; exports know days only."""
        if self._is_imported:
            return at_us // DAY_US * DAY_US
        while at_us in self._taken:
            at_us += _SECOND_US
        self._taken.add(at_us)
        return at_us
