"""What Databricks SQL calls the column types of our tables."""

from __future__ import annotations

import pyarrow as pa

_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}


def databricks_type(kind: pa.DataType) -> str:
    """Return the Databricks SQL type of a column.

    Raises:
        KeyError: no table of ours has columns of this type.
    """
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return _TYPES[kind]
