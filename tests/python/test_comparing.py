from __future__ import annotations

import pyarrow as pa
from comparing import differences

LEFT = pa.table({"message_id": ["a", "b"], "n": [1, 2], "share": [0.1, None]})


def changed(**columns: list[object]) -> pa.Table:
    return pa.table({**LEFT.to_pydict(), **columns})


def test_equal_tables_in_any_order() -> None:
    assert differences(LEFT, LEFT.take([1, 0])) == []
    assert differences(LEFT, changed(share=[0.1 + 1e-15, None])) == []


def test_what_differs_is_named() -> None:
    assert differences(LEFT, changed(n=[1, 3])) == ["b: n: 2 | 3"]
    assert differences(LEFT, changed(share=[0.1001, None])) == ["a: share: 0.1 | 0.1001"]
    assert differences(LEFT, changed(share=[0.1, 0.0])) == ["b: share: None | 0.0"]
    assert differences(LEFT, changed(message_id=["a", "c"])) == [
        "b: 1 rows | 0 rows",
        "c: 0 rows | 1 rows",
    ]


def test_a_row_more_is_named() -> None:
    assert differences(LEFT, pa.concat_tables([LEFT, LEFT.slice(0, 1)])) == ["a: 1 rows | 2 rows"]


def test_columns_and_types_count() -> None:
    assert differences(LEFT, LEFT.drop_columns("n")) == ["columns differ: n: int64 | None"]
    assert differences(LEFT, changed(n=["1", "2"])) == ["columns differ: n: int64 | string"]
    assert differences(LEFT, LEFT.select(["n", "message_id", "share"])) == [
        "columns differ: in their order"
    ]


def test_many_differences_are_counted() -> None:
    many = pa.table({"x_id": [str(n) for n in range(9)], "n": list(range(9))})
    other = pa.table({"x_id": [str(n) for n in range(9)], "n": list(range(1, 10))})
    assert differences(many, other)[-1] == "… and 4 more"
