"""What is landed on Databricks: files by the Files API, COPY INTO by SQL, both of a simulated
workspace whose SQL warehouse is the stand-in."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from databricks_standin import CATALOG, HTTP_PATH, Standin, running_standin
from harness import CLIENT_SECRET, ROOT, Project
from sqlglot import exp

from demo.faults import Faults
from demo.history import HistoryOptions, build_history
from demo.ledger_loading import load_ledger
from demo.ledger_options import LedgerOptions
from demo.server import SimulatedWorkspaces
from demo.volumes import Volumes
from ingest.bank_exports import ExportFormat
from ingest.ledger import Import, land_exports
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, recorded_run
from warehouse import MemoryWarehouse, Table, Warehouse, WarehouseError, WarehouseMissingError
from warehouse import open_warehouse as opened
from warehouse.landing import ALL_TABLES, FETCH_ATTEMPTS, INGEST_RUNS, MESSAGES
from warehouse.ledger import LEDGER_TABLES
from warehouse.profile import read_profile

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 20, 15, 30, 1, 123456, tzinfo=UTC)
HISTORY = build_history(HistoryOptions(end=NOW.replace(minute=0), messages=20))
KINDS = Table(
    "genie_raw",
    "kinds",
    pa.schema(
        [
            ("a_text", pa.string()),
            ("a_number", pa.int64()),
            ("a_flag", pa.bool_()),
            ("a_double", pa.float64()),
            ("a_day", pa.date32()),
            ("an_amount", pa.decimal128(38, 18)),
            ("fetched_at", pa.timestamp("us", tz="UTC")),
            ("batch_id", pa.string()),
        ]
    ),
)


@dataclass
class Workspace:
    """A workspace that answers everything but dbt's own calls."""

    served: SimulatedWorkspaces
    standin: Standin
    project: Project

    @property
    def folder(self) -> Path:
        return self.standin.folder / "Volumes" / CATALOG / "genie_raw" / "landing"

    def open(self, **environ: str) -> Warehouse:
        """Open the target as a program that has just started."""
        profile = read_profile(ROOT / "profiles", "databricks", self.project.environment | environ)
        return opened(profile)

    def files(self, table: Table) -> list[str]:
        folder = self.folder / f"{table.schema}.{table.name}"
        return sorted(path.name for path in folder.glob("*")) if folder.exists() else []

    def count(self, table: Table) -> int:
        rows = self.open().read(f"select count(*) as n from {table.qualified_name}")
        number: int = rows["n"][0].as_py()
        return number

    def copies(self) -> list[str]:
        """Return the tables into which was copied, in order."""
        return re.findall(r"SIMULATED copy into \S+?`(\w+)`\n", self.standin.log)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with running_standin(tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture(scope="module")
def workspace(
    standin: Standin,
    serve: Callable[..., SimulatedWorkspaces],
    make_project: Callable[[], Project],
) -> Workspace:
    served = serve(HISTORY)
    served.volumes, served.sql_url = Volumes(standin.folder), standin.url
    project = make_project()
    project.engine = "databricks"
    project.sign_in(HISTORY)
    project.extra |= {
        "DATABRICKS_HOST": next(iter(served.urls.values())),
        "DATABRICKS_HTTP_PATH": HTTP_PATH,
    }
    project.ingest("init")
    return Workspace(served, standin, project)


@pytest.fixture(autouse=True)
def quiet(workspace: Workspace) -> Iterator[None]:
    yield
    workspace.served.set_faults(Faults())
    assert workspace.served.volumes
    workspace.served.volumes.closed = False


def append(warehouse: Warehouse, *rows: tuple[Table, dict[str, Any]]) -> None:
    with warehouse.transaction() as transaction:
        for table, row in rows:
            transaction.append(table, pa.Table.from_pylist([row], schema=table.columns))


def message(number: int, payload: str = "{}") -> tuple[Table, dict[str, Any]]:
    stamp = {"fetched_at": NOW, "batch_id": f"b{number}"}
    return MESSAGES, {"message_id": f"m{number}", "payload": payload, **stamp}


def attempt(number: int) -> tuple[Table, dict[str, Any]]:
    stamp = {"fetched_at": NOW, "batch_id": f"b{number}"}
    return FETCH_ATTEMPTS, {"message_id": f"m{number}", "outcome": "fetched", **stamp}


def test_init_makes_what_is_absent_and_a_second_one_nothing(workspace: Workspace) -> None:
    workspace.project.ingest("init")
    assert {table.name: workspace.count(table) for table in ALL_TABLES}.keys()
    assert workspace.folder.is_dir()


def test_values_come_back_as_they_went(workspace: Workspace) -> None:
    warehouse = workspace.open()
    warehouse.create_tables([KINDS])
    row = {
        "a_text": 'ünïcode \'quoted\'\n{"a": "\\\\"}',
        "a_number": -(2**62),
        "a_flag": True,
        "a_double": 0.1,
        "a_day": NOW.date(),
        "an_amount": Decimal("12345.000000000000000001"),
        "fetched_at": NOW,
        "batch_id": "b",
    }
    append(warehouse, (KINDS, row), (KINDS, dict.fromkeys(row)))
    warehouse.publish()
    found = warehouse.read(
        "select * from genie_raw.kinds where a_text = ? or a_text is null order by a_text",
        [row["a_text"]],
    ).to_pylist()
    assert found == [dict.fromkeys(row), row | {"fetched_at": NOW.replace(tzinfo=None)}]


def test_a_column_of_a_later_release_is_added(workspace: Workspace) -> None:
    grown = replace(KINDS, name="grown", columns=KINDS.columns)
    warehouse = workspace.open()
    warehouse.create_tables([replace(grown, columns=pa.schema(list(KINDS.columns)[1:]))])
    warehouse.create_tables([grown])
    assert set(warehouse.read("select * from genie_raw.grown").column_names) == set(
        KINDS.columns.names
    )


def test_one_copy_a_table_brings_all_batches_payloads_first(workspace: Workspace) -> None:
    warehouse, before = workspace.open(), workspace.count(MESSAGES)
    for number in range(3):
        append(warehouse, attempt(number), message(number))
    assert (workspace.count(MESSAGES), len(workspace.files(MESSAGES))) == (before, 3)
    done = len(workspace.copies())
    warehouse.publish()
    assert workspace.copies()[done:] == ["messages", "fetch_attempts"]
    assert workspace.count(MESSAGES) == before + 3
    assert workspace.files(MESSAGES) == workspace.files(FETCH_ATTEMPTS) == []
    warehouse.publish()
    assert len(workspace.copies()) == done + 2, "nothing waits, nothing is copied"


def test_a_run_goes_on_with_what_a_dead_one_left(workspace: Workspace) -> None:
    append(workspace.open(), message(10), attempt(10))
    before, warehouse = workspace.count(MESSAGES), workspace.open()
    with recorded_run(warehouse, "test") as counts:
        assert workspace.count(MESSAGES) == before + 1
        writer = BatchWriter(warehouse)
        writer.add(*message(11))
        writer.flush()
        counts.rows = 1
        assert workspace.count(MESSAGES) == before + 1
    assert workspace.count(MESSAGES) == before + 2
    ends = workspace.open().read(
        f"select event, outcome from {INGEST_RUNS.qualified_name}"
        " where command = 'test' order by event_at"
    )
    assert ends.to_pylist() == [
        {"event": "start", "outcome": None},
        {"event": "finish", "outcome": "done"},
    ]


def test_a_file_that_could_not_be_deleted_is_not_taken_twice(workspace: Workspace) -> None:
    warehouse, before = workspace.open(), workspace.count(MESSAGES)
    append(warehouse, message(20))
    (name,) = workspace.files(MESSAGES)
    kept = (workspace.folder / "genie_raw.messages" / name).read_bytes()
    warehouse.publish()
    (workspace.folder / "genie_raw.messages" / name).write_bytes(kept)  # as if still there
    workspace.open().publish()
    assert workspace.count(MESSAGES) == before + 1
    assert workspace.files(MESSAGES) == []


def test_runs_at_once_bring_each_row_once(workspace: Workspace) -> None:
    before = workspace.count(MESSAGES)
    numbers = iter(range(30, 60))

    def run() -> None:
        warehouse = workspace.open()
        for _ in range(3):
            append(warehouse, message(next(numbers)))
            warehouse.publish()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workspace.count(MESSAGES) == before + 9
    assert workspace.files(MESSAGES) == []


def test_rows_are_replaced_one_for_one(workspace: Workspace) -> None:
    warehouse = workspace.open()
    append(warehouse, message(70, "secret"), message(71, "kept"))
    warehouse.publish()
    before = workspace.count(MESSAGES)
    table, row = message(70, "purged")
    rows = pa.Table.from_pylist([row | {"batch_id": "b-purged"}], schema=table.columns)
    with warehouse.transaction() as transaction:
        transaction.replace(table, rows, ("message_id", "space_id"))
        transaction.replace(table, rows.slice(1), ("message_id",))
    found = warehouse.read(
        "select payload from genie_raw.messages where message_id in (?, ?) order by 1",
        ["m70", "m71"],
    )
    assert found["payload"].to_pylist() == ["kept", "purged"]
    assert workspace.count(MESSAGES) == before
    assert list((workspace.folder / "replacing").iterdir()) == []


def test_faults_of_the_api_are_overcome(workspace: Workspace) -> None:
    warehouse, before = workspace.open(), workspace.count(MESSAGES)
    workspace.served.set_faults(Faults(seed=2, error_503=0.3, too_many_requests=0.2))
    for number in range(80, 84):
        append(warehouse, message(number))
    warehouse.publish()
    assert sum(workspace.served.faults_met.values()) > 2
    assert workspace.count(MESSAGES) == before + 4


def test_a_killed_process_loses_nothing_that_was_uploaded(workspace: Workspace) -> None:
    before = workspace.count(MESSAGES)
    program = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT / "tests/python")!r})
from pathlib import Path
from test_databricks_sink import append, message, opened, read_profile
warehouse = opened(read_profile(Path({str(ROOT / "profiles")!r}), "databricks", os.environ))
append(warehouse, message(90))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = workspace.project.run(sys.executable, "-c", program, expect=None)
    assert killed.returncode < 0, killed.stderr
    assert len(workspace.files(MESSAGES)) == 1
    workspace.open().publish()
    assert workspace.count(MESSAGES) == before + 1


def test_exports_and_a_ledger_land_as_on_the_other_engines(
    workspace: Workspace, tmp_path: Path
) -> None:
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    header = "date,merchant,description,amount,category\n"
    coffee, tea = "2025-11-03,BAR,COFFEE,-2.50,food\n", "2025-11-04,BAR,TEA,-2,\n"
    first.write_text(header + coffee + tea)
    again.write_text(header + coffee.replace("food", "drinks") + coffee + "broken\n")
    paths = (str(first), str(again))
    told = workspace.project.ingest("ledger", *paths, "--target", "databricks", expect=2).stdout
    assert "again.csv: 1 transactions and 2 labels landed, 1 known before, 1 lines" in told

    options = LedgerOptions(end=date(2026, 11, 1), transactions=300)
    assert load_ledger(workspace.open(), options) is not None
    assert load_ledger(workspace.open(), options) is None

    reference = MemoryWarehouse()
    list(land_exports(reference, [first, again], Import(ExportFormat(), "USD", Privacy())))
    load_ledger(reference, options)
    for table in LEDGER_TABLES:
        assert ledger_rows(workspace.open(), table) == ledger_rows(reference, table)


def ledger_rows(warehouse: Warehouse, table: Table) -> list[tuple[Any, ...]]:
    names = [name for name in table.columns.names if name not in ("loaded_at", "batch_id")]
    rows = warehouse.read(f"select {', '.join(names)} from {table.qualified_name}").to_pylist()
    return sorted((tuple(row.values()) for row in rows), key=str)


def failure(workspace: Workspace, **environ: str) -> str:
    with pytest.raises(WarehouseError) as found:
        append(workspace.open(**environ), message(100))
    text = str(found.value)
    assert "\n" not in text
    assert CLIENT_SECRET not in text
    return text


def test_a_closed_volume_is_one_line_with_the_grant(workspace: Workspace) -> None:
    assert workspace.served.volumes
    workspace.served.volumes.closed = True
    told = failure(workspace)
    assert f"GRANT READ VOLUME, WRITE VOLUME ON VOLUME {CATALOG}.genie_raw.landing" in told


def test_what_is_absent_is_one_line_that_says_how_to_make_it(workspace: Workspace) -> None:
    assert "genie-setup schema" in failure(workspace, GENIE_CATALOG="nowhere")
    with pytest.raises(WarehouseMissingError, match="genie-setup schema"):
        workspace.open().read("select * from genie_analytics.genie_messages_to_fetch")
    with pytest.raises(WarehouseMissingError, match="then dbt build"):
        workspace.open().read("select nothing from genie_raw.messages")


def test_who_is_not_let_in_is_told_in_one_line(workspace: Workspace) -> None:
    host = workspace.project.extra["DATABRICKS_HOST"]
    assert "invalid_client" in failure(workspace, DATABRICKS_CLIENT_SECRET="wrong")
    assert "GENIE_ALLOWED_HOSTS" in failure(workspace, DATABRICKS_HOST="https://example.com")
    assert "workspace" in failure(workspace, DATABRICKS_HOST="http://127.0.0.1:9")
    assert host


@pytest.mark.parametrize("command", ["status", "messages"])
def test_commands_say_it_in_one_line(workspace: Workspace, command: str) -> None:
    finished = workspace.project.ingest(command, "--target", "databricks", expect=1)
    (line,) = finished.stderr.strip().splitlines()
    assert "genie-setup schema" in line


@pytest.mark.parametrize(
    "words",
    [("system-tables", "--warehouse-id", "0"), ("load-files", "--table", "audit", "somewhere")],
)
def test_system_tables_are_not_landed_there(workspace: Workspace, words: tuple[str, ...]) -> None:
    told = workspace.project.ingest(*words, "--target", "databricks", expect=1).stderr
    assert "reads the system tables in place" in told


def test_what_is_simulated_is_sql_of_databricks(standin: Standin) -> None:
    copies = re.findall(r"SIMULATED (copy into .*?\))\n", standin.log, re.S)
    assert len(copies) > 10
    assert {type(sqlglot.parse_one(text, dialect="databricks")) for text in copies} == {exp.Copy}


def test_every_statement_was_run_as_sent(standin: Standin) -> None:
    told = re.findall(r"^\S+ \S+ ((?:IGNORED|TRANSPILED).*)", standin.log, re.M)
    assert told == []
