"""How `genie-exporter` speaks: lines for people or for programs.

It is not `warehouse.console`: to import that package takes longer than an export may.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO


class Reporter:
    """Prints what is done to stdout, errors to stderr."""

    def __init__(self, log_format: str) -> None:
        self._is_json = log_format == "json"

    def say(self, text: str) -> None:
        """Print one line."""
        self._line(sys.stdout, "info", text)

    def fail(self, text: str) -> None:
        """Print an error."""
        self._line(sys.stderr, "error", text)

    def _line(self, stream: TextIO, level: str, text: str) -> None:
        if self._is_json:
            moment = datetime.now(UTC).isoformat(timespec="milliseconds")
            text = json.dumps({"time": moment, "level": level, "message": text}, ensure_ascii=False)
        elif level != "info":
            text = f"{level}: {text}"
        stream.write(f"{text}\n")
        stream.flush()


def configure_logging(verbosity: int) -> None:
    """Log libraries to stderr: warnings, with -v also information, with -vv everything."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # the transport's debug lines would hold secrets
    for library in ("databricks.sdk", "urllib3"):
        logging.getLogger(library).setLevel(max(level, logging.INFO))
