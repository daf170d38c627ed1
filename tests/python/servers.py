"""Postgres servers for tests: one of our own, or the one that GENIE_PG_* names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from adbc_driver_postgresql import dbapi

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


def given_access(worker: str) -> PostgresAccess | None:
    """The server of GENIE_PG_*, with a database for each worker; None if none is given."""
    if "GENIE_PG_HOST" not in os.environ:
        return None
    defaults = dict(zip(GIVEN, ("", "5432", "genie", ""), strict=True))
    environ = {name: os.environ.get(name, default) for name, default in defaults.items()}
    return PostgresAccess({**environ, "GENIE_PG_DATABASE": f"genie_test_{worker}"})
