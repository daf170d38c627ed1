"""Names of what is set up, checked before they become SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provision.errors import SetupError
from warehouse import Table
from warehouse.landing import SCHEMA as LANDING_SCHEMA
from warehouse.ledger import SCHEMA as LEDGER_SCHEMA

# first what others are made from, last what people read; cleanup goes the other way
SCHEMAS = {
    LANDING_SCHEMA: "Landing of genie-ingest: JSON as received, append-only.",
    LEDGER_SCHEMA: "Transactions, labels, features, what models made of them; append-only.",
    "genie_bronze": "Genie: cast, flattened, without copies.",
    "genie_silver": "Genie: events, messages, attachments, statements, spaces.",
    "ml_staging": "Ledger: last versions of its rows, and features as they were known.",
    "ml_training": "Ledger: what models learn from, and how well they do.",
    "dbt_test__audit": "Ledger: rows that the last tests found fault with, and why.",
    "genie_analytics": "Genie: work lists, facts and metrics; what people and tools read.",
}
READ_SCHEMA = "genie_analytics"

_PLAIN = re.compile(r"\w[\w-]*")
_PREFIX = re.compile(r"[a-z0-9_]*")
_PRINCIPAL = re.compile(r"[^`\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A catalog, and what is put before the name of every schema in it.

    Raises:
        SetupError: a name cannot be used.
    """

    catalog: str
    prefix: str = ""

    def __post_init__(self) -> None:
        if not _PLAIN.fullmatch(self.catalog) or self.catalog == "system":
            raise SetupError(f"{self.catalog!r} is not a catalog to write to: see --catalog")
        if not _PREFIX.fullmatch(self.prefix):
            raise SetupError(
                f"{self.prefix!r} is no prefix for schemas: a-z, 0-9 and _ only, see"
                " --schema-prefix"
            )

    @property
    def schemas(self) -> dict[str, str]:
        """What each schema is for, by its name with the prefix."""
        return {f"{self.prefix}{name}": text for name, text in SCHEMAS.items()}

    @property
    def landing(self) -> str:
        """The schema of the landing tables and of the volume."""
        return f"{self.prefix}{LANDING_SCHEMA}"

    @property
    def gold(self) -> str:
        """The schema that is read from outside."""
        return f"{self.prefix}{READ_SCHEMA}"

    def path(self, *names: str) -> str:
        """Return a name of several parts as SQL has it, the catalog first."""
        return quoted(self.catalog, *names)

    def names(self, table: Table) -> tuple[str, str]:
        """Return schema and name of a table of ours, the prefix before them."""
        return f"{self.prefix}{table.schema}", table.name


def quoted(*names: str) -> str:
    """Return a name of several parts in backticks."""
    return ".".join(f"`{name}`" for name in names)


def principal(name: str) -> str:
    """Return a principal as SQL has it.

    Raises:
        SetupError: no user, group or service principal has such a name.
    """
    if not _PRINCIPAL.fullmatch(name):
        raise SetupError(f"{name!r} is not the name of a user, group or service principal")
    return f"`{name}`"


def text(value: str) -> str:
    """Return a text as a literal of SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
