"""Files of volumes, which lie in a folder of this machine, and COPY INTO, which Spark lacks.

What it does is simulated: a file is taken once, rows go to the columns of their names, a file that
is not there is an error. How Databricks does so is not.
"""

from __future__ import annotations

import re
import threading
import uuid
from pathlib import Path

from pyspark.sql import SparkSession

from local_databricks.catalogs import CatalogNames

COPY_INTO = (
    r"COPY\s+INTO\s+(?P<table>\S+)\s+FROM\s+'(?P<folder>/Volumes/[^']+)'"
    r"\s+FILEFORMAT\s*=\s*PARQUET\s+FILES\s*=\s*\((?P<files>[^)]*)\)"
)
CREATE_VOLUME = r"CREATE\s+VOLUME\s+(?:IF\s+NOT\s+EXISTS\s+)?(\S+?)(?:\s+COMMENT\s+.*)?"
_READ_FILE = re.compile(r"(?<=\bparquet\.`)(?=/Volumes/)", re.I)


class Volumes:
    """Where volumes are, and which files a table has taken."""

    def __init__(self, folder: Path, names: CatalogNames) -> None:
        self._folder = folder
        self._names = names
        self._taken: set[tuple[str, Path]] = set()
        self._lock = threading.Lock()

    def create(self, name: str) -> None:
        """Make the folder of a volume."""
        parts = [part.strip("`").lower() for part in name.split(".")]
        self._folder.joinpath("Volumes", *parts).mkdir(parents=True, exist_ok=True)

    def with_places(self, statement: str) -> str:
        """Return a statement that reads files where they are."""
        return _READ_FILE.sub(str(self._folder), statement)

    def copy(self, spark: SparkSession, match: re.Match[str]) -> int:
        """Append the files that the table has not taken before; return how many those are."""
        table = self._names.table_to_spark(match["table"])
        folder = self._folder / match["folder"].lstrip("/")
        paths = [folder / name for name in re.findall(r"'([^']*)'", match["files"])]
        with self._lock:
            absent = [path.name for path in paths if not path.exists()]
            if absent:
                raise FileNotFoundError(f"[PATH_NOT_FOUND] Path does not exist: {absent[0]}.")
            news = [path for path in paths if (table, path) not in self._taken]
            if news:
                view = f"files_{uuid.uuid4().hex}"
                spark.read.parquet(*map(str, news)).createTempView(view)
                spark.sql(f"insert into {table} by name select * from {view}")
                spark.catalog.dropTempView(view)
            self._taken |= {(table, path) for path in news}
            return len(news)
