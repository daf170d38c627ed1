"""Puts a long stream of things into the order of time without holding all of it."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TypeVar

Item = TypeVar("Item")


def in_time_order(
    batches: Iterable[tuple[int, Iterable[Item]]], at_ms: Callable[[Item], int]
) -> Iterator[Item]:
    """Yield the items of all batches by time; those of one moment as they came.

    Args:
        batches: Pairs of a floor and items; floors never decrease, and no item of this or a
            later batch is earlier than the floor. What waits is what lies above the floor.
        at_ms: The time of an item.
    """
    waiting: list[tuple[int, int, Item]] = []
    serial = count()
    for floor_ms, items in batches:
        while waiting and waiting[0][0] < floor_ms:
            yield heapq.heappop(waiting)[2]
        for item in items:
            heapq.heappush(waiting, (at_ms(item), next(serial), item))
    while waiting:
        yield heapq.heappop(waiting)[2]
