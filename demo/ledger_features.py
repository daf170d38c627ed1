"""What was known of an account right before each of its transactions."""

from bisect import bisect_left
from collections import defaultdict
from typing import Any

from demo.ledger_accounts import Line
from demo.ledger_options import DAY_US

VERSION = "1"

_HUNDREDTHS = 100
_MERCHANT_US, _ACCOUNT_US = 90 * DAY_US, 30 * DAY_US
_THURSDAY = 3  # the first day of the epoch, counted from Monday, 0


class _Past:
    """Times and sums of what is over; `add` goes forward in time."""

    def __init__(self, window_us: int) -> None:
        self._window_us = window_us
        self._times: list[int] = []
        self._sums = [0]

    @property
    def last_us(self) -> int | None:
        return self._times[-1] if self._times else None

    def add(self, at_us: int, cents: int) -> None:
        self._times.append(at_us)
        self._sums.append(self._sums[-1] + abs(cents))

    def counted(self, at_us: int) -> tuple[int, float | None]:
        """Return number and mean amount of what the window before a moment holds."""
        first = bisect_left(self._times, at_us - self._window_us)
        count = len(self._times) - first
        if not count:
            return 0, None
        return count, (self._sums[-1] - self._sums[first]) / count / _HUNDREDTHS


class FeatureStore:
    """Computes features of an account's transactions, which come by time."""

    def __init__(self) -> None:
        self._account = _Past(_ACCOUNT_US)
        self._merchants: dict[str, _Past] = defaultdict(lambda: _Past(_MERCHANT_US))

    def compute(self, line: Line, transaction_id: str, late_us: int = 0) -> tuple[Any, ...]:
        """Return a row of ml_features, and know the transaction from now on.

        Args:
            line: The transaction.
            transaction_id: Its id.
            late_us: How long after it they are computed; if so, they count it in.
        """
        merchant = self._merchants[line.merchant]
        if late_us:
            self._add(line)
        computed_us = line.at_us + late_us
        days, moment_us = divmod(line.at_us, DAY_US)
        last_us = merchant.last_us
        row = (
            transaction_id,
            VERSION,
            computed_us,
            line.cents > 0,
            abs(line.cents) / _HUNDREDTHS,
            (days + _THURSDAY) % 7 + 1,
            (line.at_us - moment_us - line.month.start_us) // DAY_US + 1,
            *merchant.counted(computed_us),
            None if last_us is None else (computed_us - last_us) / DAY_US,
            *self._account.counted(computed_us),
        )
        if not late_us:
            self._add(line)
        return row

    def _add(self, line: Line) -> None:
        self._account.add(line.at_us, line.cents)
        self._merchants[line.merchant].add(line.at_us, line.cents)
