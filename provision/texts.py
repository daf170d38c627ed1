"""The SQL that sets up a workspace, as a list of statements without the state they meet.

`ops/databricks/setup/*.sql` holds the same for people who run SQL themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from provision.names import Place, principal, quoted, text
from warehouse import Table
from warehouse.databricks_types import databricks_type
from warehouse.landing import ALL_TABLES, VOLUME

# what bronze reads in place, and where a job that brings it elsewhere reads it too
SYSTEM_TABLES = (
    "system.access.audit",
    "system.access.workspaces_latest",
    "system.query.history",
    "system.billing.usage",
    "system.billing.list_prices",
)
# of the landing's schema
VOLUMES = {
    VOLUME: "Files on their way into the landing.",
    "artifacts": "What dbt left of its last runs: evidence for genie-exporter gate.",
}
_BUILDS = ("USE SCHEMA", "SELECT", "MODIFY", "CREATE TABLE")
_LANDS = ("READ VOLUME", "WRITE VOLUME")
_READS = ("USE SCHEMA", "SELECT")


@dataclass(frozen=True, slots=True)
class Grant:
    """A privilege of a principal on a securable.

    Attributes:
        privilege: As Unity Catalog calls it.
        kind: CATALOG, SCHEMA or TABLE.
        names: The parts of the securable's name.
        grantee: Application id, group or user.
    """

    privilege: str
    kind: str
    names: tuple[str, ...]
    grantee: str

    @property
    def securable(self) -> str:
        """The securable as SQL has it."""
        return f"{self.kind} {quoted(*self.names)}"

    @property
    def statement(self) -> str:
        """The statement that gives it."""
        return f"GRANT {self.privilege} ON {self.securable} TO {principal(self.grantee)}"


def create_catalog(place: Place) -> str:
    """Return the statement that makes the catalog."""
    return f"CREATE CATALOG IF NOT EXISTS {place.path()}"


def create_schema(place: Place, schema: str) -> str:
    """Return the statement that makes a schema of ours."""
    comment = text(place.schemas[schema])
    return f"CREATE SCHEMA IF NOT EXISTS {place.path(schema)} COMMENT {comment}"


def create_volume(place: Place, volume: str) -> str:
    """Return the statement that makes a volume of ours."""
    path = place.path(place.landing, volume)
    return f"CREATE VOLUME IF NOT EXISTS {path} COMMENT {text(VOLUMES[volume])}"


def create_table(place: Place, table: Table) -> str:
    """Return the statement that makes a table of ours."""
    columns = ",\n".join(f"  {_column(field)}" for field in table.columns)
    return f"CREATE TABLE IF NOT EXISTS {place.path(*place.names(table))} (\n{columns}\n)"


def add_columns(place: Place, table: Table, names: Sequence[str]) -> str:
    """Return the statement that gives a table of ours the columns that a release added."""
    columns = ", ".join(_column(table.columns.field(name)) for name in names)
    return f"ALTER TABLE {place.path(*place.names(table))} ADD COLUMNS ({columns})"


def drop_schema(place: Place, schema: str) -> str:
    """Return the statement that drops a schema with all that is in it."""
    return f"DROP SCHEMA IF EXISTS {place.path(schema)} CASCADE"


def schema_statements(place: Place) -> list[str]:
    """Return all statements for an account that has nothing."""
    return [
        create_catalog(place),
        *(create_schema(place, schema) for schema in place.schemas),
        *(create_volume(place, volume) for volume in VOLUMES),
        *(create_table(place, table) for table in ALL_TABLES),
    ]


def principal_grants(place: Place, application_id: str) -> list[Grant]:
    """Return what the service principal of the jobs needs: system tables to read, ours to write.

    USE SCHEMA on the catalog `system` has no effect: its schemas are granted one by one.
    """
    schemas = dict.fromkeys(tuple(name.split(".")[:2]) for name in SYSTEM_TABLES)
    wanted = [
        ("USE CATALOG", "CATALOG", ("system",)),
        *(("USE SCHEMA", "SCHEMA", schema) for schema in schemas),
        *(("SELECT", "TABLE", tuple(name.split("."))) for name in SYSTEM_TABLES),
        ("USE CATALOG", "CATALOG", (place.catalog,)),
        *(
            (privilege, "SCHEMA", (place.catalog, schema))
            for schema in place.schemas
            for privilege in (*_BUILDS, *(_LANDS if schema == place.landing else ()))
        ),
    ]
    return [Grant(privilege, kind, names, application_id) for privilege, kind, names in wanted]


def reader_grants(place: Place, readers: Iterable[str]) -> list[Grant]:
    """Return what people need who read gold, and nothing beyond."""
    return [
        grant
        for reader in readers
        for grant in (
            Grant("USE CATALOG", "CATALOG", (place.catalog,), reader),
            *(Grant(one, "SCHEMA", (place.catalog, place.gold), reader) for one in _READS),
        )
    ]


def cleanup_statements(place: Place) -> list[str]:
    """Return the statements that drop everything of ours, what others are made from last."""
    return [drop_schema(place, schema) for schema in reversed(place.schemas)]


def _column(field: pa.Field) -> str:
    return f"{quoted(field.name)} {databricks_type(field.type)}"
