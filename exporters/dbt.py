"""Runs `dbt source freshness` as a subprocess, which leaves no open database file behind.

Each run has a target folder of its own: a dbt that fails leaves the report of an earlier run.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess  # dbt, with arguments of our own
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporters.artifacts import (
    Checks,
    Manifest,
    read_log,
    read_manifest,
    read_report,
)
from exporters.errors import DbtError

_LOG = logging.getLogger(__name__)

# what dbt imports and parses lives as long as it does: to look for garbage there less often saves a
# few percent of its time
_CALL = "import gc; gc.set_threshold(50_000, 20, 20); from dbt.cli.main import cli; cli()"
_PROGRAM = (sys.executable, "-c", _CALL)
_PARSED = "partial_parse.msgpack"
_GRACE_SECONDS = 5
_EXIT_CHECKED = (0, 1)  # 1: something is stale or could not be checked


@dataclass(frozen=True, slots=True)
class Dbt:
    """How to call dbt.

    Attributes:
        target: Output of profiles.yml.
        project: Folder of dbt_project.yml.
        cache: Folder for what dbt parsed, so that the next run need not.
        timeout_seconds: After which dbt is stopped.
        arguments: Further arguments, such as --select and --vars.
        absence: Says so, if the database is not there; dbt would make an empty one.
        lock: Says so, if another process holds it.
    """

    target: str
    project: Path
    cache: Path
    timeout_seconds: float
    arguments: Sequence[str] = ()
    absence: Callable[[], str | None] = field(default=lambda: None)
    lock: Callable[[], str | None] = field(default=lambda: None)

    def check_sources(
        self, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[Manifest, Checks]:
        """Check all selected sources.

        Args:
            meanwhile: Called while dbt runs.

        Raises:
            DbtError: there is no database, or dbt did not end in time, or it checked nothing.
            ArtifactError: what it wrote cannot be read.
        """
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DbtError(f"no folder for dbt at {self.cache}: {error.strerror}") from None
        with tempfile.TemporaryDirectory(prefix="run_", dir=self.cache) as name:
            folder = Path(name)
            code, events, rest = self._run(folder, meanwhile)
            report = folder / "sources.json"
            if code not in _EXIT_CHECKED or not report.exists():
                raise DbtError(f"dbt source freshness failed: {_reason(events, rest, code)}")
            manifest = read_manifest(folder / "manifest.json")
            checks = read_report(report, events).checks
            self._keep_parsed(folder)
        if manifest.sources and not checks.found and not checks.failed:
            raise DbtError("dbt checked no source: none that is selected has a freshness policy")
        _warn(checks)
        return manifest, checks

    def _run(
        self, folder: Path, meanwhile: Callable[[], None]
    ) -> tuple[int, list[Mapping[str, Any]], str]:
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [*_PROGRAM, *self._arguments(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that what dbt started ends with it
        )
        try:
            # while dbt starts, which takes longer than to read a profile
            if told := self.absence():
                raise DbtError(told)
            meanwhile()
            log, rest = process.communicate(timeout=self.timeout_seconds)
        except subprocess.TimeoutExpired:
            raise DbtError(self._timed_out()) from None
        finally:
            _stop(process)
        events = list(read_log(log.decode("utf-8", "replace").splitlines()))
        return process.returncode, events, rest.decode("utf-8", "replace")

    def _arguments(self, folder: Path) -> list[str]:
        parsed = self.cache / _PARSED
        return [
            *("--log-format", "json", "--log-level", "warn", "--log-level-file", "none"),
            *("--no-use-colors", "--no-version-check", "source", "freshness"),
            *("--project-dir", str(self.project), "--target", self.target),
            *("--target-path", str(folder), "--log-path", str(folder)),
            *(("--partial-parse-file-path", str(parsed)) if parsed.exists() else ()),
            *self.arguments,
        ]

    def _timed_out(self) -> str:
        told = f"dbt source freshness was stopped after {self.timeout_seconds:g} s"
        why = self.lock()
        return f"{told}: {why}" if why else told

    def _keep_parsed(self, folder: Path) -> None:
        parsed = folder / _PARSED
        if parsed.exists():
            parsed.replace(self.cache / _PARSED)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End dbt and all it started, if it still runs."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.communicate(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _warn(checks: Checks) -> None:
    """Log why sources could not be checked: metrics only tell that they were not."""
    for unique_id, why in sorted(checks.failed.items()):
        from warehouse.text import scrub  # takes long to import, and is seldom needed

        _LOG.warning("%s could not be checked: %s", unique_id, scrub(why))


def _reason(events: Sequence[Mapping[str, Any]], rest: str, code: int) -> str:
    """Return dbt's first error as one line."""
    from warehouse.text import scrub

    errors = [event for event in events if event["info"]["level"] == "error"]
    if errors:
        data = errors[0]["data"]
        return scrub(str(data.get("exc") or errors[0]["info"]["msg"]))
    lines = rest.strip().splitlines()
    return scrub(lines[-1]) if lines else f"it ended with exit code {code} and said nothing"
