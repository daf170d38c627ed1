"""Opens the engine that the dbt profile names, appends Arrow to it and reads Arrow from it.

The other packages of this distribution reach a database only through here:

    profile = read_profile(Path("profiles"), target="duckdb", environ=environ)
    warehouse = open_warehouse(profile)
    with warehouse.transaction() as transaction:
        transaction.append(TABLE, rows)
    rows = warehouse.read("select ... where id = ?", [id])
"""

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
