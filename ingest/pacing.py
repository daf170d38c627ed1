"""Waiting as the API asks: by all threads of a workspace, not for long, and not past a stop."""

from __future__ import annotations

import threading
import time

from ingest.errors import StoppedError, ThrottledError

LONGEST_WAIT_SECONDS = 60.0


class Pace:
    """When a workspace may be called again.

    The SDK sleeps whatever Retry-After says, in one thread. Given as its clock, this makes every
    thread wait, refuses waits that would outlast a run, and wakes up for a stop. It has the two
    methods of `databricks.sdk.clock.Clock`.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Make every thread wait for so long.

        Raises:
            ThrottledError: that is longer than a run waits.
            StoppedError: the run is to stop.
        """
        if seconds > LONGEST_WAIT_SECONDS:
            raise ThrottledError(f"asks to wait {seconds:.0f} s: left for a later run")
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)
        self.wait()

    def wait(self) -> None:
        """Wait until the workspace may be called.

        Raises:
            StoppedError: the run is to stop.
        """
        with self._lock:
            seconds = self._resume_at - time.monotonic()
        if self._stop.wait(max(seconds, 0)):
            raise StoppedError("the run is to stop")
