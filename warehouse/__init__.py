"""Opens the engine that the dbt profile names, appends Arrow to it and reads Arrow from it.

The other packages of this distribution reach a database only through here:

    profile = read_profile(Path("profiles"), target="duckdb", environ=environ)
    warehouse = open_warehouse(profile)
    with warehouse.transaction() as transaction:
        transaction.append(TABLE, rows)
    rows = warehouse.read("select ... where id = ?", [id])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.base import (
        Table,
        Transaction,
        UnknownTargetError,
        Warehouse,
        WarehouseError,
        WarehouseLockedError,
        WarehouseMissingError,
    )
    from warehouse.duckdb import DuckDBWarehouse, MemoryWarehouse
    from warehouse.opening import open_warehouse
    from warehouse.postgres import PostgresWarehouse
    from warehouse.profile import Profile, read_profile

__all__ = [
    "DuckDBWarehouse",
    "MemoryWarehouse",
    "PostgresWarehouse",
    "Profile",
    "Table",
    "Transaction",
    "UnknownTargetError",
    "Warehouse",
    "WarehouseError",
    "WarehouseLockedError",
    "WarehouseMissingError",
    "open_warehouse",
    "read_profile",
]
_MODULES = {
    "DuckDBWarehouse": "duckdb",
    "MemoryWarehouse": "duckdb",
    "PostgresWarehouse": "postgres",
    "Profile": "profile",
    "open_warehouse": "opening",
    "read_profile": "profile",
}


def __getattr__(name: str) -> Any:
    """Import an engine when it is asked for: programs that need only a text wait for none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'base')}"), name)
