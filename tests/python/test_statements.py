"""Answers of a warehouse that make no sense, or hold nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.errors import FetchError
from ingest.statements import Statement, StatementClient


class Scripted:
    """A workspace that gives the answers it was told."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.canceled = 0

    def call(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        return self.answers.pop(0)

    def call_at_last(self, method: str, path: str) -> None:
        self.canceled += path.endswith("/cancel")

    def sleep(self, seconds: float) -> None:
        pass


def succeeded(rows: int, result: dict[str, Any]) -> dict[str, Any]:
    columns = [{"name": "n", "type_name": "STRING"}]
    manifest = {"schema": {"columns": columns}, "total_row_count": rows}
    return {"status": {"state": "SUCCEEDED"}, "manifest": manifest, "result": result}


@pytest.mark.parametrize(
    ("answers", "code", "canceled"),
    [
        ([{}], "INVALID_ANSWER", 1),
        ([{"status": {"state": "PENDING"}}, {"status": {"state": "CLOSED"}}], "CLOSED", 0),
        ([{"status": {"state": "CANCELED"}}], "CANCELED", 0),
        ([{"status": {"state": "SUCCEEDED"}}], "INVALID_ANSWER", 0),
        ([succeeded(2, {"data_array": [["a"]]})], "INVALID_ANSWER", 0),
        ([succeeded(1, {"data_array": [["a", "b"]]})], "INVALID_ANSWER", 0),
        ([succeeded(2, {"data_array": [["a"]], "next_chunk_index": 0})], "INVALID_ANSWER", 0),
    ],
)
def test_answers_that_make_no_sense_are_no_rows(
    answers: list[dict[str, Any]], code: str, canceled: int
) -> None:
    api = Scripted(*answers)
    with pytest.raises(FetchError) as fault:
        StatementClient(api, "a-warehouse", timeout_seconds=60).run(Statement("select 1", {}))
    assert (fault.value.error_code, api.canceled) == (code, canceled)


def test_a_result_without_rows_is_one() -> None:
    api = Scripted(succeeded(0, {}))
    result = StatementClient(api, "a-warehouse", timeout_seconds=60).run(Statement("select 1", {}))
    assert (result.rows, result.is_truncated) == ([], False)
