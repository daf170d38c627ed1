"""Chooses the engine for a profile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from warehouse.base import UnknownTargetError, Warehouse
from warehouse.databricks import DatabricksWarehouse
from warehouse.duckdb import MEMORY_LIMIT, DuckDBWarehouse, MemoryWarehouse
from warehouse.hosts import DATABRICKS_HOSTS, check_host
from warehouse.postgres import PostgresWarehouse
from warehouse.prefixed import PrefixedWarehouse
from warehouse.profile import Profile

DEFAULT_LOCK_TIMEOUT_SECONDS = 60.0

_PREFIX = re.compile(r"[a-z0-9_]*")
_CATALOG = re.compile(r"\w[\w-]*")


def open_warehouse(
    profile: Profile,
    *,
    lock_timeout_seconds: float = DEFAULT_LOCK_TIMEOUT_SECONDS,
    schema_prefix: str = "",
    allowed_hosts: Sequence[str] = DATABRICKS_HOSTS,
    memory_limit: str = MEMORY_LIMIT,
) -> Warehouse:
    """Return the warehouse of a profile; nothing is opened before it is used.

    Args:
        profile: Names engine and database.
        lock_timeout_seconds: To wait for a database that another process holds.
        schema_prefix: Put before the names of our schemas.
        allowed_hosts: Patterns of hosts that may be sent a credential of Databricks.
        memory_limit: What an embedded engine may take, like 1GB.

    Raises:
        UnknownTargetError: the engine is not supported here, or the prefix no part of a name.
    """
    if not _PREFIX.fullmatch(schema_prefix):
        raise UnknownTargetError(f"GENIE_SCHEMA_PREFIX {schema_prefix!r}: a-z, 0-9 and _ only")
    if profile.engine == "databricks":
        return _open_databricks(profile, schema_prefix, allowed_hosts)
    warehouse = _open(profile, lock_timeout_seconds, memory_limit)
    return PrefixedWarehouse(warehouse, schema_prefix) if schema_prefix else warehouse


def _open_databricks(profile: Profile, prefix: str, allowed_hosts: Sequence[str]) -> Warehouse:
    catalog = str(profile.settings["catalog"])
    if not _CATALOG.fullmatch(catalog):
        raise UnknownTargetError(f"catalog {catalog!r}: see GENIE_CATALOG")
    check = partial(check_host, allowed=allowed_hosts)
    warehouse = DatabricksWarehouse(profile.settings, check, prefix=prefix)
    return PrefixedWarehouse(warehouse, f"`{catalog}`.{prefix}")


def _open(profile: Profile, lock_timeout_seconds: float, memory_limit: str) -> Warehouse:
    if profile.engine == "duckdb":
        path = str(profile.settings["path"])
        if path == ":memory:":
            return MemoryWarehouse()
        return DuckDBWarehouse(
            Path(path), lock_timeout_seconds=lock_timeout_seconds, memory_limit=memory_limit
        )
    if profile.engine == "postgres":
        return PostgresWarehouse(profile.settings, lock_timeout_seconds=lock_timeout_seconds)
    raise UnknownTargetError(
        f"target '{profile.target}' is {profile.engine}: use duckdb, postgres or databricks"
    )
