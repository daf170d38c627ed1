"""Models that suggested labels: when they served, how well, and how they were trained.

Two served all traffic, one after the other. In the end two canaries take a part of it: a good one,
and a degraded one that is sure of itself and often wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.ledger_options import DAY_US, LedgerOptions

_NAME = "transaction-labels"
_HOUR_US = 3_600_000_000
_SPARE_US = 10 * DAY_US  # a failed run lies so far before the one that did better

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Model:
    """A version, and how it does.

    Attributes:
        version: Unlike that of any other ledger's.
        from_us: Served from then on.
        until_us: Until then.
        percent: Share of the traffic.
        accuracy: Share of its suggestions that are right.
        sure: Confidence where it is right, at least; where it is wrong, too, if it is degraded.
        f1_macro: What training found.
        calibration_error: What training found.
    """

    version: str
    from_us: int
    until_us: int
    percent: int
    accuracy: float
    sure: float
    f1_macro: float
    calibration_error: float
    is_degraded: bool = False


class Models:
    """The four versions of a ledger."""

    def __init__(self, options: LedgerOptions) -> None:
        self._options = options
        start_us, end_us = options.calendar()[0].start_us, options.end_us
        self._start_us = start_us

        def at(share: float) -> int:
            return start_us + int((end_us - start_us) * share) // _HOUR_US * _HOUR_US

        name = f"{options.key}-v"
        self._first = Model(f"{name}1", at(0.2), at(0.6), 100, 0.86, 0.7, 0.84, 0.04)
        self._second = Model(f"{name}2", at(0.6), end_us, 100, 0.91, 0.75, 0.89, 0.03)
        self._degraded = Model(f"{name}3", at(0.8), end_us, 50, 0.55, 0.85, 0.61, 0.21, True)
        self._good = Model(f"{name}4", at(0.9), end_us, 10, 0.93, 0.8, 0.9, 0.02)
        self._canaries = (self._good, self._degraded)
        self._all = (self._first, self._second, self._degraded, self._good)

    def serving(self, at_us: int, draw: float) -> Model | None:
        """Return the version that a draw from 0 to 1 meets; none served in the beginning."""
        percent = draw * 100
        for model in (*self._canaries, self._first, self._second):
            if model.from_us <= at_us < model.until_us:
                if percent < model.percent:
                    return model
                percent -= model.percent
        return None

    def registry(self) -> Iterator[Rows]:
        """Yield rows of model_registry as they arrived: registered, given traffic, archived."""

        def rows(stage: str, percents: list[tuple[Model, int]]) -> Rows:
            return [
                (model.version, _NAME, stage, percent, model.from_us - _HOUR_US)
                for model, percent in percents
            ]

        served = (self._first, self._second)
        yield rows("staging", [(model, 0) for model in self._all])
        yield [
            *rows("production", [(model, model.percent) for model in served]),
            *rows("canary", [(model, model.percent) for model in self._canaries]),
        ]
        yield rows("archived", [(self._first, 0)])

    def training_runs(self) -> Iterator[Rows]:
        """Yield rows of ml_training_runs as they arrived: each run as it starts, as it ends."""
        failed_us = self._good.from_us - _SPARE_US
        ran = [(model, model.from_us - 6 * _HOUR_US) for model in self._all]
        yield [
            *(self._run(model, started_us, "running") for model, started_us in ran),
            self._run(self._good, failed_us, "running", "-retry"),
        ]
        yield [
            *(self._run(model, started_us, "succeeded") for model, started_us in ran),
            self._run(self._good, failed_us, "failed", "-retry"),
        ]

    def _run(self, model: Model, started_us: int, status: str, again: str = "") -> tuple[Any, ...]:
        is_over, is_good = status != "running", status == "succeeded"
        seen = (started_us - self._start_us) / (self._options.end_us - self._start_us)
        return (
            f"{model.version}-run{again}",
            model.version,
            status,
            started_us,
            started_us + 2 * _HOUR_US if is_over else None,
            started_us // DAY_US - 1,
            int(self._options.transactions * max(seen, 0)),
            model.f1_macro if is_good else None,
            model.calibration_error if is_good else None,
            model.percent if is_good else 0,
        )
