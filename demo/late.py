"""Deals rows of the audit log to files as deliveries do: some late, some more than once."""

from collections.abc import Iterable
from typing import Any

from demo.faults import draw

Json = dict[str, Any]


def split_late(
    rows: Iterable[Json],
    *,
    share: float = 0.02,
    parts: int = 3,
    repeated: float = 0.01,
    seed: int = 7,
) -> list[list[Json]]:
    """Return the rows that are on time and then those of each late delivery.

    Lateness has nothing to do with age: a late part may hold the oldest event of all. Which
    rows are late depends on seed and event id only.

    Args:
        rows: Rows of system.access.audit; the order within a part stays theirs.
        share: Share of the events that come late.
        parts: Late deliveries, at least 1.
        repeated: Share of the events that come again, as they were, in a late delivery.
        seed: Another seed, other events.

    Raises:
        ValueError: There is no late delivery to put anything into.
    """
    if parts < 1:
        raise ValueError(f"parts must be at least 1, not {parts}")
    dealt: list[list[Json]] = [[] for _ in range(parts + 1)]
    for row in rows:
        key = (seed, row["event_id"])
        later = 1 + int(parts * draw("part", *key))
        is_late = draw("late", *key) < share
        dealt[later if is_late else 0].append(row)
        if draw("repeated", *key) < repeated:
            dealt[-1 if is_late else later].append(row)
    return dealt
