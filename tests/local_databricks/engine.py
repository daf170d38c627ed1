"""Runs statements on Spark with Delta Lake as a SQL warehouse would."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from local_databricks.catalogs import SEPARATOR, CatalogNames
from local_databricks.metadata import Metadata, like, texts
from local_databricks.unity import is_ignored
from local_databricks.volumes import COPY_INTO, CREATE_VOLUME, Volumes

log = logging.getLogger(__name__)

JVM_OPTIONS = (
    *("-Duser.timezone=UTC", "-XX:+UseSerialGC"),
    # each new file takes a process for its mode: without one more that starts it
    "-Djdk.lang.Process.launchMechanism=VFORK",
    # most of what it allocates is garbage at once, and loading classes shall not collect it
    *("-Xmn900m", "-XX:MetaspaceSize=400m"),
    # four times the usual: a third of its time went into making code fast that runs for minutes
    *("-XX:Tier4InvocationThreshold=20000", "-XX:Tier4MinInvocationThreshold=2400"),
    *("-XX:Tier4CompileThreshold=60000", "-XX:Tier4BackEdgeThreshold=160000"),
)
# of a small machine, for small tables: what a cluster does in parallel is slower here
SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.sources.default": "delta",
    "spark.sql.legacy.createHiveTableByDefault": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    # compiling code for each statement takes longer than running it over a few rows
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    # as are statistics to leave files out by, and sums to check a table's state by
    "spark.databricks.delta.stats.skipping": "false",
    "spark.databricks.delta.stats.collect": "false",
    "spark.databricks.delta.writeChecksumFile.enabled": "false",
    # without a second file of sums for each, or a process to rename one: all writers are in here
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
    "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
    # megabytes are taken for each sort and each task otherwise, however small
    "spark.buffer.pageSize": "1m",
    "spark.broadcast.blockSize": "64k",
    "spark.broadcast.compress": "false",
    "spark.driver.extraJavaOptions": " ".join(JVM_OPTIONS),
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
}
# names of session settings that a warehouse has of its own
SESSION_SETTINGS = {
    "ansi_mode": "spark.sql.ansi.enabled",
    "timezone": "spark.sql.session.timeZone",
}

Parameters = Mapping[str, Any] | Sequence[Any] | None


@dataclass
class Session:
    """What a client has opened: temporary views and settings of its own."""

    spark: SparkSession
    catalog: str


@dataclass(frozen=True)
class Result:
    """Rows, and Spark's types of them where they are of a query."""

    rows: pa.Table
    types: StructType | None = None


NOTHING = Result(texts({"status": []}))


class Engine:
    """One Spark for all sessions."""

    def __init__(
        self, folder: Path, jar: Path, catalogs: Sequence[str], *, cores: int, memory: str
    ) -> None:
        builder = SparkSession.builder.master(f"local[{cores}]").appName("local_databricks")
        settings = SETTINGS | {
            "spark.driver.memory": memory,
            "spark.driver.extraClassPath": str(jar),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.local.dir": str(folder / "scratch"),
        }
        os.environ["PYSPARK_PYTHON"] = sys.executable  # no setting does it for what runs in Python
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.names = CatalogNames(catalogs)
        self._metadata = Metadata(self.names)
        self._volumes = Volumes(folder, self.names)
        # what Spark lacks, or says differently
        self._answers: dict[str, Callable[[Session, re.Match[str]], Result]] = {
            r"(?:USE|SET)\s+CATALOG\s+['`]?(\w+)['`]?": self._use_catalog,
            COPY_INTO: self._copy_into,
            CREATE_VOLUME: self._create_volume,
            r"SELECT\s+current_catalog\(\)": self._current_catalog,
            r"SHOW\s+CATALOGS": self._show_catalogs,
            r"SHOW\s+(?:SCHEMAS|DATABASES)\s+IN\s+`?(\w+)`?(?:\s+LIKE\s+'([^']*)')?": (
                self._show_schemas
            ),
            r"SHOW\s+TABLE\s+EXTENDED\s+IN\s+(\S+)\s+LIKE\s+'([^']*)'": self._show_extended,
            r"DESC(?:RIBE)?\s+(?:TABLE\s+)?EXTENDED\s+(\S+)\s+AS\s+JSON": self._describe_json,
        }

    def open_session(self, settings: Mapping[str, str], catalog: str | None) -> Session:
        """Open a session with the client's settings; those that Spark does not know are dropped."""
        session = Session(self.spark.newSession(), catalog or self.names.catalogs[0])
        for name, value in settings.items():
            try:
                session.spark.conf.set(SESSION_SETTINGS.get(name.lower(), name), value)
            except PySparkException:
                log.debug("no setting %s", name)
        return session

    def run(self, session: Session, statement: str, parameters: Parameters = None) -> Result:
        """Run one statement."""
        bare = re.sub(r"/\*.*?\*/", " ", statement, flags=re.S).strip().rstrip(";").strip()
        if is_ignored(bare):
            log.info("IGNORED %s", bare)
            return NOTHING
        for pattern, answer in self._answers.items():
            if match := re.fullmatch(pattern, bare, re.I | re.S):
                return answer(session, match)
        known = self._volumes.with_places(_with_known_syntax(bare, statement))
        rewritten, views = self.names.to_spark(known)
        if views:
            self._metadata.make_views(session.spark, views, statement)
        arguments = {"args": parameters} if parameters else {}
        frame = session.spark.sql(rewritten, **arguments)
        if re.match(r"SHOW|DESC", bare, re.I):
            return Result(self._renamed(frame.toArrow()))
        if re.match("OPTIMIZE", bare, re.I):  # its figures have types that Arrow cannot carry
            return NOTHING
        return Result(frame.toArrow(), frame.schema)

    def _use_catalog(self, session: Session, match: re.Match[str]) -> Result:
        session.catalog = match[1].lower()
        return NOTHING

    def _copy_into(self, session: Session, match: re.Match[str]) -> Result:
        log.info("SIMULATED %s", match[0])
        return Result(pa.table({"num_files": [self._volumes.copy(session.spark, match)]}))

    def _create_volume(self, _: Session, match: re.Match[str]) -> Result:
        log.info("SIMULATED %s", match[0])
        self._volumes.create(match[1])
        return NOTHING

    def _current_catalog(self, session: Session, _: re.Match[str]) -> Result:
        return Result(texts({"current_catalog()": [session.catalog]}))

    def _show_catalogs(self, _: Session, __: re.Match[str]) -> Result:
        return Result(texts({"catalog": list(self.names.catalogs)}))

    def _show_schemas(self, session: Session, match: re.Match[str]) -> Result:
        names = self._metadata.schemas(session.spark, match[1].lower())
        if match[2]:
            names = [name for name in names if like(match[2]).fullmatch(name)]
        return Result(texts({"databaseName": names}))

    def _show_extended(self, session: Session, match: re.Match[str]) -> Result:
        catalog, schema = [session.catalog, *_parts(match[1])][-2:]
        return Result(self._metadata.show_extended(session.spark, catalog, schema, match[2]))

    def _describe_json(self, session: Session, match: re.Match[str]) -> Result:
        *place, name = _parts(match[1])
        if not place:  # a temporary view
            catalog, schema = "", ""
        else:
            catalog, schema = [session.catalog, *place][-2:]
        return Result(self._metadata.describe_json(session.spark, catalog, schema, name))

    def _renamed(self, rows: pa.Table) -> pa.Table:
        """Return rows of SHOW or DESCRIBE with the client's names in their texts."""
        columns = {name: rows[name].to_pylist() for name in rows.column_names}
        if "data_type" in columns and "Catalog" in columns["col_name"]:
            details = columns["data_type"]
            place = details[columns["col_name"].index("Database")]
            details[columns["col_name"].index("Catalog")] = place.split(SEPARATOR)[0]
        return pa.table(
            {
                name: [
                    self.names.from_spark(value) if isinstance(value, str) else value
                    for value in values
                ]
                for name, values in columns.items()
            },
            schema=rows.schema,
        )


def _parts(name: str) -> list[str]:
    return [part.strip("`").lower() for part in name.split(".")]


def _with_known_syntax(bare: str, statement: str) -> str:
    """Return what Spark says instead of COMMENT ON COLUMN."""
    match = re.fullmatch(
        r"COMMENT\s+ON\s+COLUMN\s+(\S+)\.(`[^`]+`|\w+)\s+IS\s+(.*)", bare, re.I | re.S
    )
    if match is None:
        return statement
    return f"ALTER TABLE {match[1]} ALTER COLUMN {match[2]} COMMENT {match[3]}"
