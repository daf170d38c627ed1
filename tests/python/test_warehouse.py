from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse import (
    DuckDBWarehouse,
    MemoryWarehouse,
    Table,
    UnknownTargetError,
    Warehouse,
    WarehouseError,
    WarehouseLockedError,
    WarehouseMissingError,
    open_warehouse,
    read_profile,
)

PEOPLE = Table("raw", "people", pa.schema([("name", pa.string()), ("age", pa.int64())]))


def people(*rows: tuple[str, int]) -> pa.Table:
    return pa.table({"age": [age for _, age in rows], "name": [name for name, _ in rows]})


@pytest.fixture(params=["duckdb", "memory"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    opened: Warehouse = (
        DuckDBWarehouse(tmp_path / "new folder" / "a.duckdb")
        if request.param == "duckdb"
        else MemoryWarehouse()
    )
    opened.create_tables([PEOPLE])
    return opened


def test_appends_by_column_name_not_by_position(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        transaction.append(PEOPLE, people(("Ada", 36)))
    assert warehouse.read("select name, age from raw.people").to_pylist() == [
        {"name": "Ada", "age": 36}
    ]


def test_a_fault_leaves_nothing_of_the_transaction(warehouse: Warehouse) -> None:
    def append_and_fail() -> None:
        with warehouse.transaction() as transaction:
            transaction.append(PEOPLE, people(("Ada", 36)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        append_and_fail()
    assert warehouse.read("select count(*) as n from raw.people").to_pylist() == [{"n": 0}]


def test_a_transaction_reads_what_it_wrote(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        transaction.append(PEOPLE, people(("Ada", 36)))
        found = transaction.read("select age from raw.people where name = ?", ["Ada"])
    assert found.to_pylist() == [{"age": 36}]


def test_creating_tables_again_keeps_their_rows(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        transaction.append(PEOPLE, people(("Ada", 36)))
    warehouse.create_tables([PEOPLE])
    assert warehouse.read("select count(*) as n from raw.people").to_pylist() == [{"n": 1}]


def test_missing_columns_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(KeyError), warehouse.transaction() as transaction:
        transaction.append(PEOPLE, pa.table({"name": ["Ada"]}))


def test_an_absent_table_is_told_in_one_line(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseMissingError) as caught:
        warehouse.read("select * from raw.nobody")
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_told_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(WarehouseMissingError, match="no database at"):
        DuckDBWarehouse(tmp_path / "absent.duckdb").read("select 1")
    assert not (tmp_path / "absent.duckdb").exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("not a database " * 1000)
    with pytest.raises(WarehouseError, match=r"text\.duckdb"):
        DuckDBWarehouse(path).read("select 1")


def hold(path: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a process that holds the file, and wait until it does."""
    program = textwrap.dedent(f"""
        import duckdb, time
        connection = duckdb.connect({str(path)!r})
        print("held", flush=True)
        time.sleep({seconds})
        connection.close()
    """)
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "a.duckdb", lock_timeout_seconds=30)
    warehouse.create_tables([PEOPLE])
    with hold(tmp_path / "a.duckdb", 1):
        assert warehouse.read("select 1 as one").to_pylist() == [{"one": 1}]


def test_a_file_that_stays_locked_is_told(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "a.duckdb", lock_timeout_seconds=0.3)
    warehouse.create_tables([PEOPLE])
    with hold(tmp_path / "a.duckdb", 60) as holder:
        with pytest.raises(WarehouseLockedError, match="in use by another process"):
            warehouse.read("select 1")
        holder.kill()


PROFILES = """
genie_observability:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('HERE', 'default.duckdb') }}"}
    needy: {type: duckdb, path: "{{ env_var('NOT_SET') }}"}
    other: {type: oracle, port: "{{ env_var('PORT', '1521') | as_number }}"}
"""


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    (tmp_path / "profiles.yml").write_text(PROFILES)
    return tmp_path


def test_a_profile_is_rendered_from_the_environment(profiles: Path) -> None:
    assert read_profile(profiles, "duckdb", {}).settings["path"] == "default.duckdb"
    assert read_profile(profiles, "duckdb", {"HERE": "x"}).settings["path"] == "x"
    assert read_profile(profiles, "other", {}).settings["port"] == "1521"


@pytest.mark.parametrize(
    ("target", "text"), [("nowhere", "no target 'nowhere'"), ("needy", "needs the environment")]
)
def test_a_profile_that_cannot_be_read_is_told(profiles: Path, target: str, text: str) -> None:
    with pytest.raises(UnknownTargetError, match=text):
        read_profile(profiles, target, {})


def test_no_profiles_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownTargetError, match="DBT_PROFILES_DIR"):
        read_profile(tmp_path, "duckdb", {})


def test_an_engine_that_is_not_supported_is_told(profiles: Path) -> None:
    with pytest.raises(UnknownTargetError, match="oracle"):
        open_warehouse(read_profile(profiles, "other", {}))
