"""How commands speak: tables and a progress bar on a terminal, plain or JSON lines elsewhere."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

_SECONDS_BETWEEN_LINES = 5.0


class Reporter:
    """Prints results to stdout, warnings and errors to stderr."""

    def __init__(self, log_format: str) -> None:
        self._is_json = log_format == "json"
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str, **fields: Any) -> None:
        """Print one line; its fields go with it in JSON."""
        self._line(self._out, "info", text, fields)

    def warn(self, text: str) -> None:
        """Print one line to stderr."""
        self._line(self._err, "warning", text, {})

    def fail(self, text: str) -> None:
        """Print the error that ends the command."""
        self._line(self._err, "error", text, {})

    def table(self, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Print rows as a table, or a line each in JSON."""
        if self._is_json:
            for row in rows:
                self._line(self._out, "info", title, dict(row))
            return
        table = Table(title=title, title_justify="left")
        for name in rows[0] if rows else []:
            table.add_column(name)
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        self._out.print(table)

    @contextmanager
    def progress(self, description: str) -> Iterator[ProgressReport]:
        """Show progress: a bar on a terminal, else a line every few seconds."""
        if self._is_json or not self._out.is_terminal:
            yield ProgressReport(self, description)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._out, transient=True) as progress:
            yield ProgressReport(self, description, progress)

    def _line(self, console: Console, level: str, text: str, fields: Mapping[str, Any]) -> None:
        if self._is_json:
            time_text = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"time": time_text, "level": level, "message": text, **fields}
            console.file.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
            console.file.flush()
            return
        prefix = {"warning": "warning: ", "error": "error: "}.get(level, "")
        console.print(f"{prefix}{text}", markup=False)


class ProgressReport:
    """Where a running command says how far it is."""

    def __init__(
        self, reporter: Reporter, description: str, progress: Progress | None = None
    ) -> None:
        self._reporter = reporter
        self._description = description
        self._progress = progress
        self._task = progress.add_task(description, total=None) if progress else None
        self._last_line = time.monotonic()

    def update(self, done: int, total: int) -> None:
        """Say that `done` of `total` units are done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)
            return
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self._reporter.say(f"{self._description}: {done} of {total}")


def configure_logging(verbosity: int) -> None:
    """Log libraries to stderr: warnings, with -v also information, with -vv everything."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # the transport's debug lines would hold question texts
    logging.getLogger("databricks.sdk").setLevel(max(level, logging.INFO))
    logging.getLogger("urllib3").setLevel(max(level, logging.INFO))
