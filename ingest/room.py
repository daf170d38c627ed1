"""How much may be fetched before what was fetched is written."""

from __future__ import annotations

import threading
from collections.abc import Callable


class ClosedError(Exception):
    """The room was closed: nothing more is to be fetched."""


class Room:
    """Places for messages that are asked for, or fetched and not yet written; safe for threads.

    Attributes:
        size: All places.
    """

    def __init__(self, size: int, on_wait: Callable[[], None]) -> None:
        """Begin with every place free.

        Args:
            size: All places.
            on_wait: Called by a thread that begins to wait; must not wait itself.
        """
        self.size = size
        self._free = size
        self._on_wait = on_wait
        self._waiting = 0
        self._is_closed = False
        self._changed = threading.Condition()

    @property
    def is_wanted(self) -> bool:
        """Whether a thread waits for places."""
        with self._changed:
            return self._waiting > 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is to be fetched."""
        with self._changed:
            return self._is_closed

    def reserve(self, places: int) -> None:
        """Take places, at most `size`; wait until they are free.

        Raises:
            ClosedError: the room is closed, or was while waiting.
        """
        with self._changed:
            if self._free < places and not self._is_closed:
                self._waiting += 1
                self._on_wait()
                self._changed.wait_for(lambda: self._is_closed or self._free >= places)
                self._waiting -= 1
            if self._is_closed:
                raise ClosedError
            self._free -= places

    def release(self, places: int) -> None:
        """Give places back; a negative number takes them without waiting."""
        with self._changed:
            self._free += places
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more, and those who wait go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
