"""Chooses the engine for a profile."""

from __future__ import annotations

from pathlib import Path

from warehouse.base import UnknownTargetError, Warehouse
from warehouse.duckdb import DuckDBWarehouse, MemoryWarehouse
from warehouse.postgres import PostgresWarehouse
from warehouse.prefixed import PrefixedWarehouse
from warehouse.profile import Profile

DEFAULT_LOCK_TIMEOUT_SECONDS = 60.0


def open_warehouse(
    profile: Profile,
    *,
    lock_timeout_seconds: float = DEFAULT_LOCK_TIMEOUT_SECONDS,
    schema_prefix: str = "",
) -> Warehouse:
    """Return the warehouse of a profile; nothing is opened before it is used.

    Raises:
        UnknownTargetError: the engine is not supported here, or the prefix no part of a name.
    """
    warehouse = _open(profile, lock_timeout_seconds)
    return PrefixedWarehouse(warehouse, schema_prefix) if schema_prefix else warehouse


def _open(profile: Profile, lock_timeout_seconds: float) -> Warehouse:
    if profile.engine == "duckdb":
        path = str(profile.settings["path"])
        if path == ":memory:":
            return MemoryWarehouse()
        return DuckDBWarehouse(Path(path), lock_timeout_seconds=lock_timeout_seconds)
    if profile.engine == "postgres":
        return PostgresWarehouse(profile.settings, lock_timeout_seconds=lock_timeout_seconds)
    raise UnknownTargetError(
        f"target '{profile.target}' is {profile.engine}: use duckdb or postgres"
    )
