"""What only Unity Catalog has: accepted and without effect here, so nothing is proven about it."""

from __future__ import annotations

import re

_TABLE = "table_catalog string, table_schema string, table_name string"
_CONSTRAINT = "constraint_catalog string, constraint_schema string, constraint_name string"

# views of information_schema that dbt-databricks reads; here they have no rows
EMPTY_VIEWS = {
    "table_tags": "catalog_name string, schema_name string, table_name string, tag_name string,"
    " tag_value string",
    "column_tags": "catalog_name string, schema_name string, table_name string,"
    " column_name string, tag_name string, tag_value string",
    "column_masks": f"{_TABLE}, catalog_name string, schema_name string, column_name string,"
    " mask_name string, using_columns string, mask_col_usage string",
    "row_filters": f"{_TABLE}, filter_name string, target_columns string",
    "table_constraints": f"{_CONSTRAINT}, {_TABLE}, constraint_type string",
    "key_column_usage": f"{_CONSTRAINT}, {_TABLE}, column_name string, ordinal_position int,"
    " position_in_unique_constraint int",
    "referential_constraints": f"{_CONSTRAINT}, unique_constraint_catalog string,"
    " unique_constraint_schema string, unique_constraint_name string",
}

_NAME = r"\S+"
_IGNORED = re.compile(
    "|".join(
        (
            rf"ALTER\s+(TABLE|VIEW|SCHEMA)\s+{_NAME}\s+(ALTER\s+COLUMN\s+{_NAME}\s+)?(UN)?SET\s+TAGS",
            rf"ALTER\s+(TABLE|VIEW|SCHEMA|CATALOG)\s+{_NAME}\s+(SET\s+)?OWNER\s",
            rf"ALTER\s+TABLE\s+{_NAME}\s+ADD\s+CONSTRAINT\s+{_NAME}\s+(PRIMARY|FOREIGN)\s+KEY",
            r"CREATE\s+CATALOG",
            r"GRANT\s",
            r"REVOKE\s",
            r"ANALYZE\s+TABLE",
        )
    ),
    re.I,
)


def is_ignored(statement: str) -> bool:
    """Tell whether a statement is accepted and does nothing."""
    return _IGNORED.match(statement) is not None
