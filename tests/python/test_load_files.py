from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import BadFileError
from ingest.files import find_files
from ingest.loading import load_files
from ingest.privacy import Privacy
from warehouse import MemoryWarehouse, Table
from warehouse.landing import ALL_TABLES, AUDIT, QUERY_HISTORY, SYSTEM_TABLES, WORKSPACES
from warehouse.ledger import LEDGER_TABLES

EVENT: dict[str, Any] = {
    "workspace_id": "1",
    "event_time": "2026-11-01T10:00:00.123Z",
    "service_name": "aibiGenie",
    "action_name": "createConversationMessage",
    "event_id": "e-1",
    "request_params": {"space_id": "s"},
    "response": {"status_code": 200, "result": None},
}


@pytest.fixture
def warehouse() -> MemoryWarehouse:
    return MemoryWarehouse()


def load(warehouse: MemoryWarehouse, table: Table, *files: Path) -> list[int | None]:
    return [file.rows for file in load_files(warehouse, table, files, Privacy())]


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def stored(warehouse: MemoryWarehouse, table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.read(f"select * from {table.qualified_name}").to_pylist()
    return rows


def test_json_lines_keep_maps_and_structs_as_text(
    warehouse: MemoryWarehouse, tmp_path: Path
) -> None:
    assert load(warehouse, AUDIT, write(tmp_path / "a.jsonl", EVENT)) == [1]
    (row,) = stored(warehouse, AUDIT)
    assert row["event_time"] == datetime(2026, 11, 1, 10, 0, 0, 123000)
    assert row["event_date"] == date(2026, 11, 1)
    assert row["request_params"] == '{"space_id":"s"}'
    assert row["response"] == '{"status_code":200,"result":null}'
    assert row["user_agent"] is None
    assert row["fetched_at"] is not None
    assert row["batch_id"]


def test_a_file_is_loaded_once_whatever_its_name(
    warehouse: MemoryWarehouse, tmp_path: Path
) -> None:
    first = write(tmp_path / "a.jsonl", EVENT)
    same = write(tmp_path / "b.jsonl", EVENT)
    assert load(warehouse, AUDIT, first) == [1]
    assert load(warehouse, AUDIT, first, same) == [None, None]
    assert len(stored(warehouse, AUDIT)) == 1


def test_parquet_gives_the_same_rows_as_json(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    columns = pa.schema(
        [
            ("workspace_id", pa.string()),
            ("event_time", pa.timestamp("us", "UTC")),
            ("service_name", pa.string()),
            ("action_name", pa.string()),
            ("event_id", pa.string()),
            ("request_params", pa.map_(pa.string(), pa.string())),
            ("response", pa.struct([("status_code", pa.int32()), ("result", pa.string())])),
        ]
    )
    event_time = datetime(2026, 11, 1, 10, 0, 0, 123000, UTC)
    row = EVENT | {"event_time": event_time, "request_params": [("space_id", "s")]}
    pq.write_table(pa.Table.from_pylist([row], schema=columns), tmp_path / "a.parquet")
    load(warehouse, AUDIT, tmp_path / "a.parquet", write(tmp_path / "a.jsonl", EVENT))
    rows = stored(warehouse, AUDIT)
    parquet, json_lines = ({**row, "fetched_at": 0, "batch_id": 0} for row in rows)
    assert parquet == json_lines


def test_delivered_audit_logs_are_understood(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    delivered = {
        "version": "2.0",
        "timestamp": 1793527200123,
        "workspaceId": "1",
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"email": "ada@example.com", "subjectName": "Ada"},
        "serviceName": "aibiGenie",
        "actionName": "createConversationMessage",
        "requestId": "r",
        "requestParams": {"space_id": "s"},
        "response": {"statusCode": 200, "errorMessage": None, "result": "{}"},
        "auditLevel": "WORKSPACE_LEVEL",
    }
    path = tmp_path / "logs.json.gz"
    path.write_bytes(gzip.compress((json.dumps(delivered) + "\n\n").encode()))
    assert load(warehouse, AUDIT, path) == [1]
    (row,) = stored(warehouse, AUDIT)
    assert row["event_time"] == datetime(2026, 11, 1, 10, 0, 0, 123000)
    assert row["user_identity"] == '{"email":"ada@example.com","subject_name":"Ada"}'
    assert row["response"] == '{"status_code":200,"error_message":null,"result":"{}"}'
    assert len(row["event_id"]) == 64


def test_equal_delivered_events_get_equal_ids(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    event = {"timestamp": 1793527200123, "serviceName": "aibiGenie", "actionName": "getSpace"}
    load(
        warehouse,
        AUDIT,
        write(tmp_path / "a.json", event),
        write(tmp_path / "b.json", event, event | {"requestId": "other"}),
    )
    ids = [row["event_id"] for row in stored(warehouse, AUDIT)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("table", SYSTEM_TABLES.values(), ids=SYSTEM_TABLES)
def test_an_empty_file_loads_no_row(
    warehouse: MemoryWarehouse, tmp_path: Path, table: Table
) -> None:
    assert load(warehouse, table, write(tmp_path / "empty.jsonl")) == [0]
    assert stored(warehouse, table) == []


def test_texts_that_engines_cannot_hold_are_replaced(
    warehouse: MemoryWarehouse, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"workspace_id": "1", "workspace_name": "a\\u0000b\\ud83d \\ud83d\\ude00"}\n')
    load(warehouse, WORKSPACES, path)
    (row,) = stored(warehouse, WORKSPACES)
    assert row["workspace_name"] == "a\ufffdb\ufffd \U0001f600"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("{", r"a\.jsonl:2: not JSON"),
        ("[1]", r"a\.jsonl:2: expected a JSON object, found list"),
        ('{"service_name": "x", "action_name": "y"}', r"a\.jsonl:2: no event_time: is this a file"),
        (json.dumps(EVENT | {"event_time": "soon"}), r"2: event_time is 'soon', not a time"),
        (json.dumps(EVENT | {"event_date": 5}), r"2: event_date is 5, not a date"),
    ],
)
def test_a_malformed_line_is_named_and_nothing_of_the_file_stored(
    warehouse: MemoryWarehouse, tmp_path: Path, line: str, text: str
) -> None:
    good = write(tmp_path / "good.jsonl", EVENT)
    bad = tmp_path / "a.jsonl"
    bad.write_text(json.dumps(EVENT) + "\n" + line + "\n")
    with pytest.raises(BadFileError, match=text):
        load(warehouse, AUDIT, good, bad)
    assert len(stored(warehouse, AUDIT)) == 1
    outcomes = warehouse.read("select outcome from genie_raw.ingest_runs where event = 'finish'")
    assert outcomes.to_pylist() == [{"outcome": "failed"}]


def test_a_fault_after_many_rows_rolls_all_back(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"workspace_id": str(number)}) for number in range(45_000)]
    path.write_text("\n".join([*lines, "oops"]))
    with pytest.raises(BadFileError, match=r":45001: not JSON"):
        load(warehouse, WORKSPACES, path)
    assert stored(warehouse, WORKSPACES) == []


@pytest.mark.parametrize("content", [b"PAR1 not really", b"PAR1", b"\xff\xfe\x00"])
def test_files_of_another_kind_are_told(
    warehouse: MemoryWarehouse, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=r"a\.parquet"):
        load(warehouse, AUDIT, path)


def test_a_cut_gzip_file_is_told(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress((json.dumps(EVENT) + "\n").encode() * 1000)[:100])
    with pytest.raises(BadFileError, match="cannot be read"):
        load(warehouse, AUDIT, path)


def test_numbers_may_be_text_and_must_be_whole(warehouse: MemoryWarehouse, tmp_path: Path) -> None:
    statement = {"workspace_id": "1", "statement_id": "s", "total_duration_ms": "12"}
    load(warehouse, QUERY_HISTORY, write(tmp_path / "a.jsonl", statement))
    (row,) = stored(warehouse, QUERY_HISTORY)
    assert row["total_duration_ms"] == 12
    bad = write(tmp_path / "b.jsonl", statement | {"total_duration_ms": 1.5})
    with pytest.raises(BadFileError, match="not a whole number"):
        load(warehouse, QUERY_HISTORY, bad)


def test_folders_are_searched_and_absent_paths_told(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "day=1"
    folder.mkdir(parents=True)
    (folder / "_SUCCESS").touch()
    first = write(folder / "a.json", EVENT)
    second = write(folder / "b.jsonl", EVENT)
    assert find_files([tmp_path / "logs"]) == [first, second]
    with pytest.raises(BadFileError, match="no such file"):
        find_files([tmp_path / "absent"])


def test_landing_holds_every_column_of_the_system_tables(shared_samples: Path) -> None:
    known = json.loads((shared_samples / "system_table_schemas.describe_extended.json").read_text())
    names = {
        "audit": "system.access.audit",
        "workspaces": "system.access.workspaces_latest",
        "query_history": "system.query.history",
        "billing_usage": "system.billing.usage",
        "list_prices": "system.billing.list_prices",
    }
    for table, name in names.items():
        columns = [column["name"] for column in known[name]]
        assert SYSTEM_TABLES[table].columns.names == [*columns, "fetched_at", "batch_id"]


def test_every_table_has_a_place_and_a_name_of_its_own() -> None:
    assert len({table.qualified_name for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.name for table in ALL_TABLES}) == len(ALL_TABLES)


def test_loading_creates_the_tables_of_the_ledger_too(
    warehouse: MemoryWarehouse, tmp_path: Path
) -> None:
    load(warehouse, AUDIT, write(tmp_path / "a.jsonl", EVENT))
    for table in LEDGER_TABLES:
        assert stored(warehouse, table) == []
