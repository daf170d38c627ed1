"""The rows that a query of an answer returned, as statement execution reports them."""

from typing import Any

from demo.answers import Statement
from demo.faults import draw

Json = dict[str, Any]

_ROWS_SHOWN = 100
_COLUMNS = (("label", "STRING", "STRING"), ("value", "BIGINT", "LONG"))


def result_payload(statement: Statement) -> Json:
    """Return a GenieGetMessageQueryResultResponse."""
    return {"statement_response": statement_response(statement.statement_id, statement.row_count)}


def statement_response(statement_id: str, row_count: int) -> Json:
    """Return the first rows of a result; every cell is text."""
    count = min(row_count, _ROWS_SHOWN)
    rows = [[f"row {number + 1}", _cell(statement_id, number)] for number in range(count)]
    size = sum(len(cell) for row in rows for cell in row)
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": count}
    columns = [
        {"name": name, "type_text": text, "type_name": kind, "position": position}
        for position, (name, text, kind) in enumerate(_COLUMNS)
    ]
    return {
        "statement_id": statement_id,
        "status": {"state": "SUCCEEDED"},
        "manifest": {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(columns), "columns": columns},
            "total_chunk_count": 1,
            "chunks": [chunk | {"byte_count": size}],
            "total_row_count": count,
            "total_byte_count": size,
            "truncated": row_count > count,
        },
        "result": chunk | {"data_array": rows},
    }


def _cell(statement_id: str, number: int) -> str:
    return str(int(1_000_000 * draw(statement_id, number)))
