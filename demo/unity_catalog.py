"""Catalogs, schemas, volumes, tables and grants of an account, and the SQL that changes them.

Only the statements of a set-up are understood; a table is a list of columns and holds no rows.
"""

import re
import threading
from collections.abc import Callable, Iterable

from demo.system_schemas import TABLES
from demo.system_sql import Result, SqlError

_NAME = r"(?:`[^`]+`|\w+)"
_PATH = rf"({_NAME}(?:\.{_NAME})*)"
_COMMENT = r"(?: COMMENT '.*')?"
_COLUMN = re.compile(rf"({_NAME}) (STRING|BIGINT|BOOLEAN|DOUBLE|DATE|TIMESTAMP|DECIMAL\(\d+,\d+\))")
_PRIVILEGES = {
    "CATALOG": {"USE CATALOG", "CREATE SCHEMA"},
    "SCHEMA": {
        *("USE SCHEMA", "SELECT", "MODIFY", "CREATE TABLE"),
        *("READ VOLUME", "WRITE VOLUME"),
    },
    "TABLE": {"SELECT", "MODIFY"},
}

Names = tuple[str, ...]


class UnityCatalog:
    """What Unity Catalog knows; safe for threads.

    Attributes:
        closed: Securables on which the caller may change nothing, nor on what is in them, by name.
        changes: The statements that changed something or would have, oldest first.
    """

    def __init__(self) -> None:
        """Know the system tables, and nothing else."""
        self.closed: frozenset[str] = frozenset()
        self.changes: list[str] = []
        self._lock = threading.Lock()
        self._catalogs: set[Names] = {("system",)}
        self._schemas: set[Names] = {_split(name)[:2] for name in TABLES}
        self._volumes: set[Names] = set()
        self._tables: dict[Names, dict[str, str]] = {_split(name): {} for name in TABLES}
        self._grants: dict[tuple[Names, str], set[str]] = {}

    def run(self, text: str) -> Result | None:
        """Run a statement; None if it is not about objects or grants.

        Raises:
            SqlError: what it names is not there, not allowed, or not of its kind.
        """
        line = " ".join(text.split())
        for pattern, handler in _STATEMENTS:
            match = pattern.fullmatch(line)
            if match:
                with self._lock:
                    if not line.startswith(("SHOW", "SELECT")):
                        self.changes.append(text)
                    return handler(self, *match.groups())
        return None

    def privileges(self, grantee: str, *names: str) -> set[str]:
        """Return what a principal was granted on a securable, those of its parents included."""
        parents = [names[:length] for length in range(1, len(names) + 1)]
        held = [self._grants.get((parent, grantee), set()) for parent in parents]
        return {privilege for privileges in held for privilege in privileges}

    def columns(self, *names: str) -> dict[str, str]:
        """Return the types of a table's columns; empty if there is no such table."""
        return dict(self._tables.get(names, {}))

    def forget_column(self, column: str, *names: str) -> None:
        """Take a column from a table, as if it was made by an earlier release."""
        with self._lock:
            del self._tables[names][column]

    def _show_catalogs(self) -> Result:
        return _listed(["catalog"], [(name,) for (name,) in self._catalogs])

    def _show_schemas(self, path: str) -> Result:
        names = self._known(path)
        return _listed(["databaseName"], [(one[1],) for one in self._schemas if one[:1] == names])

    def _show_tables(self, path: str) -> Result:
        names = self._known(path)
        found = [(names[1], one[2], "false") for one in self._tables if one[:2] == names]
        return _listed(["database", "tableName", "isTemporary"], found)

    def _show_volumes(self, path: str) -> Result:
        names = self._known(path)
        found = [(names[1], one[2]) for one in self._volumes if one[:2] == names]
        return _listed(["database", "volume_name"], found)

    def _show_columns(self, path: str, schema: str) -> Result:
        catalog = self._known(path)
        found = [
            (names[2], column)
            for names, columns in self._tables.items()
            if names[:2] == (*catalog, schema)
            for column in columns
        ]
        return _listed(["table_name", "column_name"], found)

    def _show_grants(self, grantee: str, kind: str, path: str) -> Result:
        names, principal = self._known(path), _split(grantee)[0]
        held = self.privileges(principal, *names)
        found = [(principal, privilege, kind, ".".join(names)) for privilege in held]
        return _listed(["Principal", "ActionType", "ObjectType", "ObjectKey"], found)

    def _create(self, kind: str, path: str) -> Result:
        names = self._allowed(path)
        if len(names) > 1:
            self._known(".".join(names[:-1]))
        {"CATALOG": self._catalogs, "SCHEMA": self._schemas, "VOLUME": self._volumes}[kind].add(
            names
        )
        return _listed([], [])

    def _create_table(self, path: str, columns: str) -> Result:
        names = self._allowed(path)
        self._known(".".join(names[:-1]))
        self._tables.setdefault(names, _columns(columns))
        return _listed([], [])

    def _add_columns(self, path: str, columns: str) -> Result:
        self._tables[self._known(path)] |= _columns(columns)
        return _listed([], [])

    def _drop_schema(self, path: str) -> Result:
        names = self._allowed(path)
        self._schemas.discard(names)
        self._volumes = {one for one in self._volumes if one[:2] != names}
        self._tables = {one: kept for one, kept in self._tables.items() if one[:2] != names}
        return _listed([], [])

    def _grant(self, privilege: str, kind: str, path: str, grantee: str) -> Result:
        names = self._allowed(path)
        self._known(path)
        if privilege not in _PRIVILEGES[kind]:
            raise _failure("INVALID_PRIVILEGE", f"{privilege} is not applicable to {kind}.")
        self._grants.setdefault((names, _split(grantee)[0]), set()).add(privilege)
        return _listed([], [])

    def _known(self, path: str) -> Names:
        names = _split(path)
        if names not in self._catalogs | self._schemas | set(self._tables):
            kind = ("CATALOG", "SCHEMA", "TABLE_OR_VIEW")[len(names) - 1]
            raise _failure(f"{kind}_NOT_FOUND", f"{path} cannot be found.")
        return names

    def _allowed(self, path: str) -> Names:
        names = _split(path)
        for length in range(1, len(names) + 1):
            if ".".join(names[:length]) in self.closed:
                raise _failure(
                    "INSUFFICIENT_PERMISSIONS",
                    f"Insufficient privileges: User does not have MANAGE on {path}.",
                )
        return names


_STATEMENTS: tuple[tuple[re.Pattern[str], Callable[..., Result]], ...] = tuple(
    (re.compile(pattern), handler)
    for pattern, handler in (
        ("SHOW CATALOGS", UnityCatalog._show_catalogs),
        (rf"SHOW SCHEMAS IN {_PATH}", UnityCatalog._show_schemas),
        (rf"SHOW TABLES IN {_PATH}", UnityCatalog._show_tables),
        (rf"SHOW VOLUMES IN {_PATH}", UnityCatalog._show_volumes),
        (
            rf"SELECT table_name, column_name FROM ({_NAME})\.`information_schema`\.`columns`"  # noqa: S608 - a pattern
            r" WHERE table_schema = '(\w+)'",
            UnityCatalog._show_columns,
        ),
        (rf"SHOW GRANTS ({_NAME}) ON (CATALOG|SCHEMA|TABLE) {_PATH}", UnityCatalog._show_grants),
        (
            rf"CREATE (CATALOG|SCHEMA|VOLUME) IF NOT EXISTS {_PATH}{_COMMENT}",
            UnityCatalog._create,
        ),
        (rf"CREATE TABLE IF NOT EXISTS {_PATH} \((.*)\)", UnityCatalog._create_table),
        (rf"ALTER TABLE {_PATH} ADD COLUMNS \((.*)\)", UnityCatalog._add_columns),
        (rf"DROP SCHEMA IF EXISTS {_PATH} CASCADE", UnityCatalog._drop_schema),
        (rf"GRANT ([A-Z ]+) ON (CATALOG|SCHEMA|TABLE) {_PATH} TO ({_NAME})", UnityCatalog._grant),
    )
)


def _split(path: str) -> Names:
    return tuple(part.strip("`") for part in re.findall(_NAME, path))


def _columns(text: str) -> dict[str, str]:
    found = {name.strip("`"): kind for name, kind in _COLUMN.findall(text)}
    if ", ".join(f"`{name}` {kind}" for name, kind in found.items()) != text.strip():
        raise _failure("PARSE_SYNTAX_ERROR", f"These are no columns: {text}.")
    return found


def _listed(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Result:
    return Result([(name, "STRING", "STRING") for name in columns], sorted(rows))


def _failure(condition: str, message: str) -> SqlError:
    states = {"INSUFFICIENT_PERMISSIONS": "42501", "PARSE_SYNTAX_ERROR": "42601"}
    state = states.get(condition, "42704")
    return SqlError(f"[{condition}] {message} SQLSTATE: {state}", state)
