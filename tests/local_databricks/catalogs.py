"""Three-level names on Spark, whose catalog has two levels: `main.s.t` is `main__s.t` there."""

from __future__ import annotations

import re
from collections.abc import Sequence

SEPARATOR = "__"
SPARK_CATALOG = "spark_catalog"

_LITERAL_OR_COMMENT = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/"
# keywords after which two parts are a catalog and a schema; anywhere else they are table and column
_BEFORE_SCHEMA = r"\b(?:SCHEMA|DATABASE|IN|USE|EXISTS|FROM)\s+"


class CatalogNames:
    """Rewrites names between the two worlds; all else of a statement stays as it is."""

    def __init__(self, catalogs: Sequence[str]) -> None:
        self.catalogs = tuple(catalogs)
        names = "|".join(map(re.escape, catalogs))
        self._three_levels = re.compile(
            rf"(?P<skipped>{_LITERAL_OR_COMMENT})"
            rf"|(?P<keyword>{_BEFORE_SCHEMA})?"
            rf"(?<![\w.`])(?P<q>`?)(?P<catalog>{names})(?P=q)"
            r"\s*\.\s*(?P<p>`?)(?P<schema>[A-Za-z_]\w*)(?P=p)"
            r"(?:\s*\.\s*`?(?P<table>\w+)`?)?",
            re.I | re.S,
        )
        self._qualified = re.compile(rf"`?{SPARK_CATALOG}`?\.`?({names}){SEPARATOR}(\w+)`?", re.I)
        self._schema_only = re.compile(rf"(?<!/)\b(?:{names}){SEPARATOR}(\w+)", re.I)

    def namespace(self, catalog: str, schema: str) -> str:
        """Return the name of a schema as Spark knows it."""
        return f"`{SPARK_CATALOG}`.`{self.database(catalog, schema)}`"

    def database(self, catalog: str, schema: str) -> str:
        """Return the name of a schema within Spark's own catalog."""
        return f"{catalog.lower()}{SEPARATOR}{schema.lower()}"

    def to_spark(self, statement: str) -> tuple[str, set[tuple[str, str]]]:
        """Return the statement with Spark's names, and the views of information_schema it reads.

        These are given as pairs of catalog and view; the statement names temporary views instead.
        """
        views: set[tuple[str, str]] = set()

        def renamed(match: re.Match[str]) -> str:
            keyword, table = match["keyword"] or "", match["table"]
            if match["skipped"] is not None:
                return match[0]
            if not table and keyword.strip().upper() in {"", "FROM"}:
                return match[0]  # alias.column, or a table of the current catalog
            catalog, schema = match["catalog"].lower(), match["schema"].lower()
            if table and schema == "information_schema":
                views.add((catalog, table.lower()))
                return f"{keyword}{view_name(catalog, table.lower())}"
            tail = f".`{table}`" if table else ""
            return f"{keyword}{self.namespace(catalog, schema)}{tail}"

        return self._three_levels.sub(renamed, statement), views

    def table_to_spark(self, name: str) -> str:
        """Return the name of one table as Spark knows it."""
        return self.to_spark(f"FROM {name}")[0].removeprefix("FROM ")

    def from_spark(self, text: str) -> str:
        """Return text, such as an error message, with the names that the client gave."""
        return self._schema_only.sub(r"\1", self._qualified.sub(r"`\1`.`\2`", text))


def view_name(catalog: str, view: str) -> str:
    """Return the temporary view that stands for a view of information_schema."""
    return f"`__information_schema_{catalog}_{view}`"
