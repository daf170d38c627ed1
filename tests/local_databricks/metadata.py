"""What Databricks says of tables otherwise than Spark: information_schema, DESCRIBE AS JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import _parse_datatype_string as parse_type

from local_databricks.catalogs import SEPARATOR, SPARK_CATALOG, CatalogNames, view_name
from local_databricks.unity import EMPTY_VIEWS

VIEWS = {
    "tables": "table_catalog string, table_schema string, table_name string, table_type string,"
    " data_source_format string, table_owner string, comment string, created timestamp,"
    " last_altered timestamp",
    "columns": "table_catalog string, table_schema string, table_name string, column_name string,"
    " ordinal_position int, full_data_type string, data_type string, is_nullable string,"
    " comment string",
    "views": "table_catalog string, table_schema string, table_name string, view_definition string",
    "schemata": "catalog_name string, schema_name string, schema_owner string, comment string",
    **EMPTY_VIEWS,
}
_ARROW_TYPES = {"int": pa.int32(), "timestamp": pa.timestamp("us", "UTC")}
_OWNER = "local"
# Spark's names of types, and Databricks'
_TYPE_NAMES = {
    "integer": "int",
    "long": "bigint",
    "short": "smallint",
    "byte": "tinyint",
    "timestamp": "timestamp_ltz",
}


@dataclass(frozen=True)
class Relation:
    """A table or view as DESCRIBE TABLE EXTENDED tells it."""

    catalog: str
    schema: str
    name: str
    columns: list[tuple[str, str, str | None]]
    details: dict[str, str]

    @property
    def is_view(self) -> bool:
        return self.details.get("Type") == "VIEW"

    @property
    def provider(self) -> str:
        return self.details.get("Provider", "")


# catalog, schema and name
Look = Callable[[SparkSession, str, str, str], Relation]


@dataclass(frozen=True)
class Asked:
    """What a statement wants of information_schema; describing every table is slow."""

    schemas: frozenset[str]
    tables: frozenset[str]
    comments: bool
    times: bool

    @classmethod
    def by(cls, statement: str) -> Asked:
        """Read the conditions of a statement."""

        def names(column: str) -> frozenset[str]:
            found = re.findall(rf"{column}\s*=\s*'([^']*)'", statement, re.I)
            return frozenset(name.lower() for name in found)

        told = statement.lower()
        return cls(
            schemas=names("table_schema"),
            tables=names("table_name"),
            comments="comment" in told,
            times="last_altered" in told,
        )


class Metadata:
    """Answers of the catalog."""

    def __init__(self, names: CatalogNames) -> None:
        self._names = names

    def schemas(self, spark: SparkSession, catalog: str) -> list[str]:
        """Return the schemas of a catalog."""
        prefix = catalog + SEPARATOR
        found = [row[0] for row in spark.sql(f"SHOW SCHEMAS IN {SPARK_CATALOG}").collect()]
        return [name.removeprefix(prefix) for name in found if name.startswith(prefix)]

    def describe(self, spark: SparkSession, catalog: str, schema: str, name: str) -> Relation:
        """Return what Spark knows of a relation."""
        place = f"{self._names.namespace(catalog, schema)}.`{name}`" if schema else f"`{name}`"
        relation = Relation(catalog, schema, name, [], {})
        section = "columns"
        for column, kind, comment in spark.sql(f"DESCRIBE TABLE EXTENDED {place}").collect():
            if column.startswith("#"):
                section = "details" if column.startswith(("# Detailed", "# Delta")) else "other"
            elif column and section == "columns":
                relation.columns.append((column, kind, comment))
            elif column and section == "details":
                relation.details[column] = kind
        return relation

    def known(self, spark: SparkSession, catalog: str, schema: str, name: str) -> Relation:
        """Return what Spark knows of a relation without looking at the table: no column."""
        state = spark._jsparkSession.sessionState()
        place = self._names.database(catalog, schema), name
        table = state.catalog().externalCatalog().getTable(*place)
        details = {"Type": table.tableType().name()}
        if table.provider().isDefined():
            details["Provider"] = table.provider().get()
        return Relation(catalog, schema, name, [], details)

    def make_views(self, spark: SparkSession, views: set[tuple[str, str]], statement: str) -> None:
        """Make the temporary views that stand for views of information_schema."""
        asked = Asked.by(statement)
        for catalog, view in views:
            columns = parse_type(VIEWS[view])
            rows = list(self._rows(spark, catalog, view, asked))
            arrays = {
                field.name: pa.array(
                    [row[position] for row in rows],
                    _ARROW_TYPES.get(field.dataType.simpleString(), pa.string()),
                )
                for position, field in enumerate(columns.fields)
            }
            frame = spark.createDataFrame(pa.table(arrays), columns)
            frame.createOrReplaceTempView(view_name(catalog, view).strip("`"))

    def _rows(
        self, spark: SparkSession, catalog: str, view: str, asked: Asked
    ) -> Iterator[tuple[Any, ...]]:
        if view in EMPTY_VIEWS:
            return
        if view == "schemata":
            yield from ((catalog, name, _OWNER, None) for name in self.schemas(spark, catalog))
            return
        look = self.known if view == "tables" and not asked.comments else self.describe
        # those of the catalog `system` tell of all
        for relation in self._relations(spark, catalog, asked, look):
            place = (relation.catalog, relation.schema, relation.name)
            if view == "tables":
                altered_at = self._altered_at(spark, relation) if asked.times else None
                yield (*place, *_table_row(relation, altered_at))
            elif view == "columns":
                for number, (name, kind, comment) in enumerate(relation.columns):
                    plain = re.split(r"[<(]", kind)[0].upper()
                    yield (*place, name, number, kind, plain, "YES", comment or None)
            elif relation.is_view:
                yield (*place, relation.details.get("View Text"))

    def _relations(
        self, spark: SparkSession, catalog: str, asked: Asked, look: Look
    ) -> Iterator[Relation]:
        for told in self._names.catalogs if catalog == "system" else (catalog,):
            for schema in self.schemas(spark, told):
                if asked.schemas and schema not in asked.schemas:
                    continue
                for name in self.names_in(spark, told, schema):
                    if not asked.tables or name in asked.tables:
                        with suppress(PySparkException):  # gone since, or being replaced
                            yield look(spark, told, schema, name)

    def names_in(self, spark: SparkSession, catalog: str, schema: str) -> list[str]:
        """Return the tables and views of a schema."""
        rows = spark.sql(f"SHOW TABLES IN {self._names.namespace(catalog, schema)}").collect()
        return [row["tableName"] for row in rows if not row["isTemporary"]]

    def _altered_at(self, spark: SparkSession, relation: Relation) -> datetime:
        if relation.provider != "delta":
            return datetime.now(UTC)
        place = f"{self._names.namespace(relation.catalog, relation.schema)}.`{relation.name}`"
        (last,) = spark.sql(f"DESCRIBE HISTORY {place} LIMIT 1").collect()
        altered_at: datetime = last["timestamp"]
        return altered_at

    def show_extended(
        self, spark: SparkSession, catalog: str, schema: str, pattern: str
    ) -> pa.Table:
        """Answer SHOW TABLE EXTENDED IN a schema LIKE a pattern."""
        matches = like(pattern)
        rows = []
        for name in self.names_in(spark, catalog, schema):
            if matches.fullmatch(name):
                relation = self.describe(spark, catalog, schema, name)
                rows.append((schema, name, "false", _information(relation)))
        columns = ("database", "tableName", "isTemporary", "information")
        return texts({name: [row[n] for row in rows] for n, name in enumerate(columns)})

    def describe_json(self, spark: SparkSession, catalog: str, schema: str, name: str) -> pa.Table:
        """Answer DESCRIBE TABLE EXTENDED … AS JSON."""
        relation = self.describe(spark, catalog, schema, name)
        details = relation.details
        told = {
            "table_name": name,
            "catalog_name": catalog,
            "namespace": [schema],
            "schema_name": schema,
            "columns": [
                {"name": column, "type": _json_type(parse_type(kind).jsonValue()), "nullable": True}
                | ({"comment": comment} if comment else {})
                for column, kind, comment in relation.columns
            ],
            "type": details.get("Type", "MANAGED"),
            "provider": relation.provider,
            "owner": _OWNER,
            "location": details.get("Location"),
        }
        named = {"comment": "Comment", "view_text": "View Text"}
        told |= {key: details[detail] for key, detail in named.items() if details.get(detail)}
        properties = details.get("Table Properties", "").strip("[]").split(",")
        told["table_properties"] = dict(pair.split("=", 1) for pair in properties if "=" in pair)
        return texts({"json_metadata": [json.dumps(told)]})


def texts(columns: dict[str, list[str]]) -> pa.Table:
    """Return an Arrow table of texts."""
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def like(pattern: str) -> re.Pattern[str]:
    """Return a pattern of SHOW as a regular expression: `*` is any text, `|` is or."""
    return re.compile("|".join(part.replace("*", ".*") for part in pattern.lower().split("|")))


def _table_row(relation: Relation, altered_at: datetime | None) -> tuple[Any, ...]:
    kind = "VIEW" if relation.is_view else relation.details.get("Type", "MANAGED")
    form = "UNKNOWN_DATA_SOURCE_FORMAT" if relation.is_view else relation.provider.upper()
    return (kind, form, _OWNER, relation.details.get("Comment"), altered_at, altered_at)


def _information(relation: Relation) -> str:
    columns = "".join(
        f" |-- {name}: {kind} (nullable = true)\n" for name, kind, _ in relation.columns
    )
    known = [
        ("Catalog", relation.catalog),
        ("Database", relation.schema),
        ("Table", relation.name),
        ("Owner", _OWNER),
        ("Created By", "Spark"),
        ("Type", relation.details.get("Type", "MANAGED")),
        *[(key, relation.details.get(key)) for key in ("Provider", "Comment", "Location")],
        ("View Text", relation.details.get("View Text")),
        ("Schema", f"root\n{columns}"),
    ]
    return "\n".join(f"{key}: {value}" for key, value in known if value)


def _json_type(kind: Any) -> dict[str, Any]:
    """Return Spark's JSON of a type in Databricks' form."""
    if isinstance(kind, str):
        sizes = re.match(r"decimal\((\d+),(\d+)\)", kind)
        if sizes:
            return {"name": "decimal", "precision": int(sizes[1]), "scale": int(sizes[2])}
        return {"name": _TYPE_NAMES.get(kind, kind)}
    if kind["type"] == "struct":
        fields = [
            {"name": field["name"], "type": _json_type(field["type"]), "nullable": True}
            for field in kind["fields"]
        ]
        return {"name": "struct", "fields": fields}
    if kind["type"] == "array":
        element = _json_type(kind["elementType"])
        return {"name": "array", "element_type": element, "element_nullable": True}
    return {
        "name": "map",
        "key_type": _json_type(kind["keyType"]),
        "value_type": _json_type(kind["valueType"]),
        "value_nullable": True,
    }
