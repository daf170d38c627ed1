"""Compares tables row by row, and says readably where they differ."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

TOLERANCE = 1e-9  # relative, of doubles: engines add up in another order
SHOWN = 5  # differences told of a table

Row = dict[str, Any]
Identity = tuple[str, ...]


def differences(left: pa.Table, right: pa.Table) -> list[str]:
    """Lines that say how the tables differ in columns, types, rows or values; none if equal.

    Rows are matched by what identifies them: ids, keys, dates and whatever names a kind.
    """
    types = [{field.name: _kind(field.type) for field in table.schema} for table in (left, right)]
    if list(types[0].items()) != list(types[1].items()):
        changed = [
            f"{name}: {types[0].get(name)} | {types[1].get(name)}"
            for name in {**types[0], **types[1]}
            if types[0].get(name) != types[1].get(name)
        ]
        return ["columns differ: " + (", ".join(changed) or "in their order")]
    found = list(_row_differences(_rows_by_identity(left), _rows_by_identity(right)))
    hidden = len(found) - SHOWN
    return found[:SHOWN] + ([f"… and {hidden} more"] if hidden > 0 else [])


def _row_differences(
    left: dict[Identity, list[Row]], right: dict[Identity, list[Row]]
) -> Iterator[str]:
    for identity in sorted({*left, *right}):
        ours, theirs = left.get(identity, []), right.get(identity, [])
        label = "/".join(identity)
        if len(ours) != len(theirs):
            yield f"{label}: {len(ours)} rows | {len(theirs)} rows"
            continue
        for our, their in zip(ours, theirs, strict=True):
            unequal = [name for name in our if not _is_equal(our[name], their[name])]
            for name in unequal:
                yield f"{label}: {name}: {our[name]!r} | {their[name]!r}"


def _rows_by_identity(table: pa.Table) -> dict[Identity, list[Row]]:
    names = [name for name in table.schema.names if _identifies(name)]
    rows: dict[Identity, list[Row]] = defaultdict(list)
    for row in sorted(table.to_pylist(), key=_order):
        rows[tuple(str(row[name]) for name in names)].append(row)
    return rows


def _identifies(name: str) -> bool:
    return name.endswith(("_id", "_key", "_type", "_name")) and name != "batch_id"


def _order(row: Row) -> str:
    """All but doubles, whose last digits may differ."""
    exact = {name: value for name, value in row.items() if not isinstance(value, float)}
    return json.dumps(exact, default=str, sort_keys=True)


def _is_equal(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        both_nan = math.isnan(left) and math.isnan(right)
        return both_nan or math.isclose(left, right, rel_tol=TOLERANCE)
    return left == right


def _kind(arrow_type: pa.DataType) -> str:
    """Engines may name texts of any length in two ways, nothing else."""
    return "string" if pa.types.is_large_string(arrow_type) else str(arrow_type)
