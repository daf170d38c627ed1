from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from servers import PostgresAccess

from warehouse import (
    DuckDBWarehouse,
    MemoryWarehouse,
    PostgresWarehouse,
    Profile,
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


@pytest.fixture(params=["duckdb", "memory", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    opened: Warehouse
    if request.param == "duckdb":
        opened = DuckDBWarehouse(tmp_path / "new folder" / "a.duckdb")
    elif request.param == "memory":
        opened = MemoryWarehouse()
    else:
        access: PostgresAccess = request.getfixturevalue("postgres_access")
        access.renew_database()
        opened = postgres(access)
    opened.create_tables([PEOPLE])
    return opened


def postgres(access: PostgresAccess, **changed: str) -> PostgresWarehouse:
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    settings = {key: access.environ[f"GENIE_PG_{name}"] for key, name in keys.items()}
    database = {"dbname": access.environ["GENIE_PG_DATABASE"]}
    return PostgresWarehouse({**settings, **database, **changed}, lock_timeout_seconds=0.5)


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


EVERYTHING = Table(
    "raw",
    "everything",
    pa.schema(
        [
            ("words", pa.string()),
            ("number", pa.int64()),
            ("amount", pa.decimal128(38, 18)),
            ("share", pa.float64()),
            ("is_so", pa.bool_()),
            ("day", pa.date32()),
            ("moment", pa.timestamp("us", tz="UTC")),
        ]
    ),
)


def test_every_type_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    row = {
        "words": "ünï 😀 \\ ' \n",
        "number": 2**62,
        "amount": Decimal("12345.000000000000000001"),
        "share": 0.1,
        "is_so": True,
        "day": date(2026, 2, 28),
        "moment": datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=UTC),
    }
    warehouse.create_tables([EVERYTHING])
    rows = [row, dict.fromkeys(row)]
    with warehouse.transaction() as transaction:
        transaction.append(EVERYTHING, pa.Table.from_pylist(rows, schema=EVERYTHING.columns))
    found = warehouse.read("select * from raw.everything order by number nulls last").to_pylist()
    # engines keep UTC without a zone
    assert found == [{**row, "moment": datetime(2026, 3, 29, 2, 30, 0, 123456)}, dict.fromkeys(row)]


def test_a_column_that_a_later_version_has_is_added(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        transaction.append(PEOPLE, people(("Ada", 36)))
    wider = Table("raw", "people", PEOPLE.columns.append(pa.field("born", pa.date32())))
    warehouse.create_tables([wider])
    assert warehouse.read("select name, born from raw.people").to_pylist() == [
        {"name": "Ada", "born": None}
    ]


def test_a_statement_changes_what_is_stored(warehouse: Warehouse) -> None:
    with warehouse.transaction() as transaction:
        transaction.append(PEOPLE, people(("Ada", 36), ("Bob", 7)))
        transaction.execute("delete from raw.people where name = ? and age > ?", ["Ada", 30])
    assert warehouse.read("select name from raw.people").to_pylist() == [{"name": "Bob"}]


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


def test_memory_has_a_limit(tmp_path: Path) -> None:
    setting = "select current_setting('memory_limit') as memory"
    profile = Profile("test", "duckdb", {"path": str(tmp_path / "a.duckdb")})
    for options, limit in (({}, "953.6 MiB"), ({"memory_limit": "2GiB"}, "2.0 GiB")):
        warehouse = open_warehouse(profile, **options)
        warehouse.create_tables([PEOPLE])
        assert warehouse.read(setting).to_pylist() == [{"memory": limit}]


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


def test_a_wrong_password_is_told_without_it(postgres_access: PostgresAccess) -> None:
    with pytest.raises(WarehouseError, match="check GENIE_PG_USER and GENIE_PG_PASSWORD") as caught:
        postgres(postgres_access, password="not'the\\password").read("select 1")
    assert "not'the" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_told(postgres_access: PostgresAccess) -> None:
    with pytest.raises(WarehouseError, match="is it running") as caught:
        postgres(postgres_access, port="1").read("select 1")
    assert "\n" not in str(caught.value)


def test_an_absent_postgres_database_is_told(postgres_access: PostgresAccess) -> None:
    with pytest.raises(WarehouseMissingError, match='database "nowhere" does not exist'):
        postgres(postgres_access, dbname="nowhere").read("select 1")


def test_a_role_without_rights_is_told(postgres_access: PostgresAccess) -> None:
    postgres_access.renew_database()
    postgres_access.execute("drop role if exists weak")
    postgres_access.execute("create role weak login password 'weak'")
    weak = postgres(postgres_access, user="weak", password="weak")
    with pytest.raises(WarehouseError, match="needs CREATE") as caught:
        weak.create_tables([PEOPLE])
    assert "\n" not in str(caught.value)


def test_a_table_that_stays_locked_is_told(postgres_access: PostgresAccess) -> None:
    postgres_access.renew_database()
    holder, waiter = postgres(postgres_access), postgres(postgres_access)
    holder.create_tables([PEOPLE])
    with holder.transaction() as transaction:
        transaction.execute("lock table raw.people")
        with pytest.raises(WarehouseLockedError, match="--lock-timeout"):
            waiter.read("select * from raw.people")


def test_a_full_disk_is_told_and_stores_nothing(postgres_access: PostgresAccess) -> None:
    """The server says so as it would: a trigger raises disk_full in the middle of a batch."""
    postgres_access.renew_database()
    warehouse = postgres(postgres_access)
    warehouse.create_tables([PEOPLE])
    with warehouse.transaction() as transaction:
        transaction.execute(
            "create function raw.fill() returns trigger language plpgsql as $$ begin"
            " if new.age = 99 then raise exception 'could not extend file' using errcode = '53100';"
            " end if; return new; end $$"
        )
        transaction.execute(
            "create trigger full_disk before insert on raw.people"
            " for each row execute function raw.fill()"
        )

    def append() -> None:
        with warehouse.transaction() as transaction:
            transaction.append(PEOPLE, people(("Ada", 36), ("Bob", 99)))

    with pytest.raises(WarehouseError, match="disk is full, nothing of this batch was stored"):
        append()
    assert warehouse.read("select count(*) as n from raw.people").to_pylist() == [{"n": 0}]


def test_tables_are_created_by_several_at_once(postgres_access: PostgresAccess) -> None:
    postgres_access.renew_database()
    faults: list[Exception] = []

    def create() -> None:
        try:
            postgres(postgres_access).create_tables([PEOPLE, EVERYTHING])
        except WarehouseError as error:
            faults.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


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
