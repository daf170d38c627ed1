"""The texts of `ops/databricks/setup/*.sql`, for people who run SQL themselves."""

from __future__ import annotations

from collections.abc import Sequence

from provision import texts
from provision.names import Place

APPLICATION_ID = "application-id"

_ABOUT = {
    "schema": "-- `genie-setup schema` as SQL. What exists stays.",
    "grants": (
        "-- `genie-setup grants` as SQL. CAN USE on the warehouse and CAN MANAGE on Genie spaces"
        " are not SQL:\n-- give them in the UI, or by the command."
    ),
    "cleanup": (
        "-- `genie-setup cleanup` as SQL. It destroys what was landed; what has expired in the"
        " system tables\n-- since cannot be fetched again."
    ),
}
FILES = tuple(_ABOUT)


def sql_of(what: str, place: Place, service_principal: str, readers: Sequence[str]) -> str:
    """Return all statements of a command, for an account that has nothing, as an SQL file.

    Args:
        what: One of `FILES`.
        place: Catalog and prefix.
        service_principal: Application id, for grants.
        readers: Groups and users that read gold, for grants.
    """
    if what == "schema":
        statements = texts.schema_statements(place)
    elif what == "cleanup":
        statements = texts.cleanup_statements(place)
    else:
        grants = texts.principal_grants(place, service_principal)
        grants += texts.reader_grants(place, readers)
        statements = [grant.statement for grant in grants]
    return _ABOUT[what] + "\n" + "".join(f"\n{statement};\n" for statement in statements)
