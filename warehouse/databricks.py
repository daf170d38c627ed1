"""Databricks: rows go in as Parquet files and COPY INTO, and come out through the SQL connector.

A transaction uploads one file for each table to the volume `landing`; `publish` brings what lies
there into the tables. COPY INTO takes a file once, however often it is told to, so a run that died
between the two is gone on with by the next, and two runs at once do no harm.
"""

from __future__ import annotations

import io
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from warehouse.base import (
    Table,
    UnknownTargetError,
    Warehouse,
    WarehouseError,
    same_rows,
)
from warehouse.databricks_errors import MovedError, told_by_files, told_by_sql
from warehouse.databricks_types import databricks_type
from warehouse.landing import ALL_TABLES, SCHEMA, VOLUME
from warehouse.workspace import open_workspace

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sql.client import Connection

_FILES_AT_ONCE = 1000  # COPY INTO takes no longer list
_PUBLISHING_TRIES = 5
_RETRY_SECONDS = 300  # of one request; a warehouse may have to start
_SIGN_IN = ("client_id", "client_secret", "token")
_TAGS: dict[str, str | None] = {"project": "genie_observability", "program": "genie-ingest"}
_FOLDER = re.compile(r"\w+\.\w+")  # schema and table
_REPLACING = "replacing"  # a folder of no table

# payloads come before their fetch_attempts
_ORDER = {table.name: at for at, table in enumerate(ALL_TABLES)}


class DatabricksWarehouse(Warehouse):
    """A catalog of a workspace, a SQL warehouse to read it with, and a volume to land files in.

    Names of tables come with their catalog. A query has a session of its own; the sign-in is kept.
    """

    def __init__(
        self, settings: Mapping[str, Any], check: Callable[[str], str], *, prefix: str = ""
    ) -> None:
        """Take the keys of a dbt-databricks profile: host, http_path, catalog, and to sign in.

        Without token and client_secret it is the SDK that finds credentials: in a job those of
        whoever the job runs as.

        Args:
            settings: The profile's output; its connection_parameters go to the connector.
            check: Returns scheme, host and port of a URL to which a credential may be sent.
            prefix: Of our schemas' names.

        Raises:
            UnknownTargetError: the driver is not installed.
        """
        try:
            from databricks import sql
        except ImportError:
            raise UnknownTargetError(
                "the Databricks driver is not installed: pip install"
                " 'genie-observability[databricks]'"
            ) from None
        logging.getLogger("databricks.sql").setLevel(logging.WARNING)  # it would log every row
        self._connect = sql.connect
        self._settings = settings
        self._check = check
        self._catalog = settings["catalog"]
        self._volume = f"/Volumes/{self._catalog}/{prefix}{SCHEMA}/{VOLUME}"
        self._folders: set[str] = set()

    def create_tables(self, tables: Iterable[Table]) -> None:
        """Create the absent schemas, tables and columns, and the volume; the catalog must exist."""
        with self._connection() as connection:
            for table in tables:
                for statement in _creation(table):
                    _execute(connection, statement)
                _add_columns(connection, table)
            catalog, schema, volume = self._volume.split("/")[2:]
            _execute(connection, f"create volume if not exists `{catalog}`.`{schema}`.`{volume}`")

    @contextmanager
    def transaction(self) -> Iterator[DatabricksTransaction]:
        """Upload what is appended at the end of the block; each statement in it is one of its own.

        `publish` makes it visible.
        """
        transaction = DatabricksTransaction(self)
        yield transaction
        self._upload(transaction.appended)

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Open a session, run the query, close it; times come as UTC without saying so."""
        with self._connection() as connection:
            return _query(connection, query, parameters)

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run one statement, in a session of its own."""
        with self._connection() as connection:
            _execute(connection, statement, parameters)

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        """Replace rows by one merge, from a file that is deleted after it."""
        if not rows.num_rows:
            return
        path = self._put(_REPLACING, rows)
        updates = ", ".join(f"old.{name} = new.{name}" for name in table.columns.names)
        merge = (
            f"merge into {table.qualified_name} as old\n"  # noqa: S608 - names of ours
            f"using (select distinct * from parquet.`{path}`) as new\n"
            f"on old.batch_id <> new.batch_id and {same_rows(identity)}\n"
            f"when matched then update set {updates}"
        )
        try:
            self.execute(merge)
        finally:
            self._delete([path])

    def publish(self) -> None:
        """Bring the uploaded files into their tables, and delete them."""
        tries = Retrying(
            retry=retry_if_exception_type(MovedError),
            stop=stop_after_attempt(_PUBLISHING_TRIES),
            wait=wait_random_exponential(max=10),
            reraise=True,
        )
        tries(self._publish)

    def _publish(self) -> None:
        # listed in the other order than copied: whatever belongs to a listed file is listed too
        folders = sorted(self._list(self._volume), key=_rank, reverse=True)
        found = {name: self._list(f"{self._volume}/{name}") for name in folders}
        waiting = {name: files for name, files in reversed(found.items()) if files}
        if not waiting:
            return
        with self._connection() as connection:
            for name, files in waiting.items():
                for start in range(0, len(files), _FILES_AT_ONCE):
                    some = files[start : start + _FILES_AT_ONCE]
                    _execute(connection, self._copy(name, some))
                    self._delete([f"{self._volume}/{name}/{file}" for file in some])

    def _copy(self, folder: str, files: Sequence[str]) -> str:
        schema, table = folder.split(".")
        names = ", ".join(f"'{name}'" for name in files)
        return (
            f"copy into `{self._catalog}`.`{schema}`.`{table}`\n"
            f"from '{self._volume}/{folder}'\n"
            f"fileformat = parquet\nfiles = ({names})"
        )

    def _upload(self, appended: Mapping[Table, Sequence[pa.Table]]) -> None:
        for table in sorted(appended, key=lambda table: _rank(table.name)):
            schema = table.schema.rpartition(".")[2]
            self._put(f"{schema}.{table.name}", pa.concat_tables(appended[table]))

    def _put(self, folder: str, rows: pa.Table) -> str:
        """Upload rows as a new file in a folder of the volume; return its path."""
        path = f"{self._volume}/{folder}"
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.parquet"
        content = io.BytesIO()
        pq.write_table(rows, content)
        with self._files_errors():
            if folder not in self._folders:
                self._workspace.files.create_directory(path)
                self._folders.add(folder)
            # a repeated request may find that the first one did it
            self._workspace.files.upload(f"{path}/{name}", content, overwrite=True)
        return f"{path}/{name}"

    def _list(self, path: str) -> list[str]:
        """Return the names in a folder of the volume, oldest files first."""
        with self._files_errors():
            found = self._workspace.files.list_directory_contents(path)
            names = [entry.name or "" for entry in found]
        is_root = path == self._volume
        return sorted(name for name in names if not is_root or _FOLDER.fullmatch(name))

    def _delete(self, paths: Iterable[str]) -> None:
        from databricks.sdk.errors import NotFound

        with self._files_errors():
            for path in paths:
                with suppress(NotFound):  # another run published it too
                    self._workspace.files.delete(path)

    @contextmanager
    def _files_errors(self) -> Iterator[None]:
        from databricks.sdk.errors.base import DatabricksError

        try:
            yield
        except (DatabricksError, OSError, ValueError) as error:
            raise told_by_files(error, self._volume) from error

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        from databricks.sql.exc import Error

        config = self._workspace.config
        try:
            connection = self._connect(
                server_hostname=config.hostname,
                http_path=self._settings["http_path"],
                credentials_provider=lambda: config.authenticate,
                user_agent_entry="genie-observability",
                query_tags=_TAGS,
                enable_telemetry=False,
                _retry_stop_after_attempts_duration=_RETRY_SECONDS,
                **self._over_http(),
                **(self._settings.get("connection_parameters") or {}),
            )
        except (Error, OSError, ValueError) as error:
            raise self._no_session(error) from error
        try:
            yield connection
        except Error as error:
            raise told_by_sql(error, self._catalog) from error
        finally:
            with suppress(Exception):  # a lost session cannot be closed, and need not be
                connection.close()

    def _over_http(self) -> dict[str, str]:
        """Return how to reach a host that `check` lets pass without TLS: one of this machine."""
        host = str(self._workspace.config.host)
        if host.startswith("https://"):
            return {}
        return {"_connection_uri": host + self._settings["http_path"]}

    def _no_session(self, error: Exception) -> WarehouseError:
        told = told_by_sql(error, self._catalog)
        return WarehouseError(
            f"{told}: is {self._settings['http_path']} a SQL warehouse on which we have CAN USE?"
            " See DATABRICKS_HTTP_PATH"
        )

    @cached_property
    def _workspace(self) -> WorkspaceClient:
        host = str(self._settings["host"])
        credentials = {key: self._settings[key] for key in _SIGN_IN if self._settings.get(key)}
        try:
            return open_workspace(self._check, host=host, **credentials)
        except (OSError, ValueError) as error:
            raise told_by_files(error, f"workspace {host}") from error


class DatabricksTransaction:
    """What is to be uploaded together.

    Attributes:
        appended: Rows by table.
    """

    def __init__(self, warehouse: DatabricksWarehouse) -> None:
        self._warehouse = warehouse
        self.appended: dict[Table, list[pa.Table]] = {}

    def append(self, table: Table, rows: pa.Table) -> None:
        """Keep rows until the end of the transaction."""
        # casting to the table's schema refuses missing, surplus and mistyped columns
        checked = rows.select(table.columns.names).cast(table.columns)
        self.appended.setdefault(table, []).append(checked)

    def replace(self, table: Table, rows: pa.Table, identity: Sequence[str]) -> None:
        """Replace rows at once; what is not published yet is not found."""
        self._warehouse.replace(table, rows, identity)

    def read(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query; it sees what is published."""
        return self._warehouse.read(query, parameters)

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement at once."""
        self._warehouse.execute(statement, parameters)


def _rank(name: str) -> int:
    return _ORDER.get(name.rpartition(".")[2], -1)


def _query(connection: Connection, query: str, parameters: Sequence[object] = ()) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters) or None)
        rows = cursor.fetchall_arrow()
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def _execute(connection: Connection, statement: str, parameters: Sequence[object] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters) or None)


def _creation(table: Table) -> Iterator[str]:
    columns = ", ".join(f"`{field.name}` {databricks_type(field.type)}" for field in table.columns)
    yield f"create schema if not exists {table.schema}"
    yield f"create table if not exists {table.qualified_name} ({columns})"


def _add_columns(connection: Connection, table: Table) -> None:
    """Give a table of an earlier version the columns that it lacks."""
    found = _query(connection, f"select * from {table.qualified_name} limit 0").column_names  # noqa: S608 - a name of ours
    absent = [field for field in table.columns if field.name not in found]
    if absent:
        columns = ", ".join(f"`{field.name}` {databricks_type(field.type)}" for field in absent)
        _execute(connection, f"alter table {table.qualified_name} add columns ({columns})")
