"""The way out to a file that node_exporter's textfile collector reads."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from exporters.errors import OutputError
from exporters.exporting import Export, Families

_MODE = 0o644  # node_exporter runs as another user


class Textfile:
    """A file that is replaced as a whole, so that nobody reads half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> Families:
        """Return what the file holds; nothing if it is absent or not of ours."""
        from prometheus_client.parser import text_string_to_metric_families

        try:
            text = self._path.read_text(encoding="utf-8")
            families = list(text_string_to_metric_families(text))
        except (OSError, ValueError):
            return {}
        return {family.name: family for family in families}

    def tell(self, export: Export) -> None:
        """Replace the file.

        Raises:
            OutputError: the folder is absent or cannot be written.
        """
        folder = self._path.parent
        try:
            # the suffix is not .prom: node_exporter must not read it before it is whole
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=folder)
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(export.text())
                    os.fsync(file.fileno())
                temporary.chmod(_MODE)
                temporary.replace(self._path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from None
