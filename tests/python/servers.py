"""Postgres servers for tests: one of our own, or the one that GENIE_PG_* names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adbc_driver_postgresql import dbapi

from demo.postgres import PostgresServer

# fast, and with the plans of large tables: what parallel workers cannot do shows at any size
TEST_SETTINGS = (
    "fsync=off",
    "min_parallel_table_scan_size=0",
    "parallel_setup_cost=0",
    "parallel_tuple_cost=0",
    "max_parallel_workers_per_gather=1",
)

GIVEN = ("GENIE_PG_HOST", "GENIE_PG_PORT", "GENIE_PG_USER", "GENIE_PG_PASSWORD")


@dataclass(frozen=True)
class PostgresAccess:
    """A server, and the one database on it that a worker's tests make anew.

    dbt parses the whole project again when the name of the database changes: it never does.
    """

    environ: Mapping[str, str]

    def execute(self, statement: str, database: str = "postgres") -> None:
        keys = dict(zip(GIVEN, ("host", "port", "user", "password"), strict=True))
        text = " ".join(f"{key}='{self.environ[name]}'" for name, key in keys.items())
        with (
            dbapi.connect(f"{text} dbname='{database}'", autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def renew_database(self) -> None:
        name = self.environ["GENIE_PG_DATABASE"]
        self.execute(f"drop database if exists {name} with (force)")
        self.execute(f"create database {name}")


@contextmanager
def running_server(programs: Path | None = None, port: int = 0) -> Iterator[PostgresServer]:
    """A server of our own; its folder is one that the server's user can reach, pytest's is not."""
    with tempfile.TemporaryDirectory(prefix="genie-postgres-") as folder:
        server = PostgresServer(Path(folder), port=port, programs=programs, settings=TEST_SETTINGS)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def given_access(worker: str) -> PostgresAccess | None:
    """The server of GENIE_PG_*, with a database for each worker; None if none is given."""
    if "GENIE_PG_HOST" not in os.environ:
        return None
    defaults = dict(zip(GIVEN, ("", "5432", "genie", ""), strict=True))
    environ = {name: os.environ.get(name, default) for name, default in defaults.items()}
    return PostgresAccess({**environ, "GENIE_PG_DATABASE": f"genie_test_{worker}"})
