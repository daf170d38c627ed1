"""One line of ours for what Databricks says: what failed, and which grant mends it."""

from __future__ import annotations

import re

from warehouse.base import WarehouseError, WarehouseMissingError
from warehouse.text import scrub

# error conditions (Databricks documentation, "Error conditions")
_ABSENT = (
    "TABLE_OR_VIEW_NOT_FOUND",
    "SCHEMA_NOT_FOUND",
    "NO_SUCH_CATALOG_EXCEPTION",
    "CATALOG_NOT_FOUND",
    "UNRESOLVED_COLUMN",
    "COPY_INTO_SCHEMA_MISMATCH",
)
_MOVED = ("PATH_NOT_FOUND", "DELTA_CONCURRENT", "FAILED_READ_FILE")
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]\s*")
_LACKS = re.compile(r"does not have (?:permission )?([A-Z][A-Z, ]+?) on (\w+) '([^']+)'")


class MovedError(WarehouseError):
    """Another run published the same files in this moment."""


def told_by_sql(error: Exception, catalog: str) -> WarehouseError:
    """Return the error of ours for one that a SQL warehouse gave."""
    reason = scrub(str(error))
    found = _CONDITION.search(reason)
    condition = found[1] if found else ""
    text = f"Databricks: {reason}"
    if condition.startswith(_MOVED):
        return MovedError(text)
    if condition.startswith(_ABSENT):
        return WarehouseMissingError(
            f"{text}: run `genie-setup schema --catalog {catalog}`, then dbt build"
        )
    lacks = _LACKS.search(reason)
    if lacks:
        right, kind, name = lacks.groups()
        return WarehouseError(f"{text} (an admin has to GRANT {right} ON {kind.upper()} {name})")
    if "PERMISSION" in condition or "PERMISSION_DENIED" in reason:
        return WarehouseError(f"{text} (`genie-setup grants` gives what we need)")
    return WarehouseError(text)


def told_by_files(error: Exception, place: str) -> WarehouseError:
    """Return the error of ours for one of the Files API, or of signing in."""
    from databricks.sdk.errors import NotFound, PermissionDenied

    text = f"Databricks {place}: {scrub(str(error))}"
    if isinstance(error, NotFound):
        return WarehouseMissingError(f"{text}: run `genie-setup schema`, it makes the volume")
    if isinstance(error, PermissionDenied):
        volume = ".".join(place.split("/")[2:])
        return WarehouseError(
            f"{text} (an admin has to GRANT READ VOLUME, WRITE VOLUME ON VOLUME {volume}, or its"
            " schema; `genie-setup grants` does)"
        )
    return WarehouseError(text)
