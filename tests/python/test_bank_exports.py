"""Bank exports as they come: real ones, every shape, and what goes wrong in them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from harness import SHARED, Project

from demo.ledger_loading import load_ledger
from demo.ledger_options import LedgerOptions
from ingest.bank_exports import SHAPES, BankLine, ExportFormat, RejectedLine, read_export
from ingest.bank_values import DateReader, DayFirstError
from ingest.console import Reporter
from ingest.errors import BadFileError
from ingest.files import find_files
from ingest.ledger import SUFFIXES, Import, LandedExport, land_exports, tell_export
from ingest.privacy import REDACTED, Privacy
from warehouse import MemoryWarehouse
from warehouse.ledger import LEDGER_TABLES, REJECTED_LINES, TRANSACTION_LABELS, TRANSACTIONS

KEY = "a-key-of-at-least-sixteen-characters"
PLAIN = "date,description,amount\n"
COFFEE = "2025-11-03,COFFEE BAR,-12.50\n"

# transactions, labels, lines without an amount
REAL = {
    "account_column_labelled.csv": (14, 14, 0),
    "debit_credit_columns.csv": (5, 0, 0),
    "dotted_categories_labelled.csv": (155, 149, 17),
    "posted_and_effective_dates.csv": (5, 0, 0),
    "quoted_labelled.csv": (109, 109, 0),
    "unicode_minus_labelled.csv": (299, 299, 0),
}

LINES = {
    "plain": "2025-11-03,COFFEE BAR,-12.50",
    "merchant": "2025-11-03,BEAN HOUSE,COFFEE BAR,-12.50,food",
    "account": "2025-11-03,-12.50,COFFEE BAR,BEAN HOUSE,Checking,food",
    "debit-credit": "11/03/2025,COFFEE BAR,12.50,,100.00",
    "posted-effective": "11/04/2025,11/03/2025,COFFEE BAR,-12.50,DEBIT,100.00",
    "canonical-merchant": "2025-11-03,COFFEE BAR,,,\u221212.50,100.00,BEAN HOUSE,food,food-slug",
}


@pytest.fixture
def warehouse() -> MemoryWarehouse:
    return MemoryWarehouse()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "export.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write_file


def land(
    warehouse: MemoryWarehouse, *files: Path, privacy: Privacy | None = None, **form: Any
) -> list[LandedExport]:
    how = Import(ExportFormat(**form), "USD", privacy or Privacy())
    return list(land_exports(warehouse, files, how))


def stored(warehouse: MemoryWarehouse, table: Any) -> list[dict[str, Any]]:
    query = f"select * exclude (loaded_at, batch_id) from {table.qualified_name} order by all"
    rows: list[dict[str, Any]] = warehouse.read(query).to_pylist()
    return rows


def read(path: Path, **form: Any) -> tuple[list[BankLine], list[tuple[int, str]]]:
    lines = list(read_export(path, ExportFormat(**form)))
    return (
        [line for line in lines if isinstance(line, BankLine)],
        [(line.line_number, line.reason) for line in lines if isinstance(line, RejectedLine)],
    )


@pytest.mark.parametrize("name", REAL)
def test_real_exports(warehouse: MemoryWarehouse, name: str) -> None:
    path = SHARED / "data" / "bank_exports" / name
    if not path.exists():
        pytest.skip(f"no ../shared/data/bank_exports/{name} beside the project")
    (landed,) = land(warehouse, path)
    assert (landed.transactions, landed.labels, landed.rejected) == REAL[name]
    for row in stored(warehouse, TRANSACTIONS):
        assert row["transacted_at"] > datetime(2024, 1, 1)
        assert row["description"]
        assert row["amount"]
    reasons = {row["reason"] for row in stored(warehouse, REJECTED_LINES)}
    assert reasons == ({"no amount"} if landed.rejected else set())


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_known_by_its_header(shape: str, write: Callable[..., Path]) -> None:
    path = write(f"{','.join(SHAPES[shape])}\n{LINES[shape]}\n")
    ((line,), rejected) = read(path, account="mine")
    has_merchant, has_category = "BEAN" in LINES[shape], "food" in LINES[shape]
    assert rejected == []
    assert line == BankLine(
        line_number=2,
        account="Checking" if shape == "account" else "mine",
        day=date(2025, 11, 3),
        amount=Decimal("-12.50"),
        description="COFFEE BAR",
        merchant="BEAN HOUSE" if has_merchant else None,
        category="food" if has_category else None,
    )


def test_case_order_and_underscores_of_a_header_do_not_matter(write: Callable[..., Path]) -> None:
    path = write(
        '"AMOUNT", Effective_Date ,Type,Balance,Posted  Date,description\n'
        "12.50,11/03/2025,debit,,11/04/2025,COFFEE\n"
    )
    ((line,), _) = read(path)
    assert (line.amount, line.day) == (Decimal("-12.50"), date(2025, 11, 3))


def test_the_day_of_posting_stands_for_an_effective_date_that_is_absent(
    write: Callable[..., Path],
) -> None:
    header = ",".join(SHAPES["posted-effective"])
    ((line,), _) = read(write(f"{header}\n11/04/2025,,COFFEE,1.00,CREDIT,\n"))
    assert line.day == date(2025, 11, 4)


def test_a_shape_can_be_named_where_its_columns_have_other_names(
    write: Callable[..., Path],
) -> None:
    path = write("Datum;Text;Betrag\n03.11.2025;KAFFEE;-1.234,50\n")
    ((line,), _) = read(path, shape="plain")
    assert (line.day, line.amount) == (date(2025, 11, 3), Decimal("-1234.50"))
    with pytest.raises(BadFileError, match="3 columns, and shape merchant has 5: date, merchant"):
        read(path, shape="merchant")


def test_days_first_are_not_guessed(warehouse: MemoryWarehouse, write: Callable[..., Path]) -> None:
    path = write(f"{PLAIN}01/02/2025,A,1\n31/01/2025,B,2\n")
    with pytest.raises(BadFileError, match=r"export\.csv:3: dates have their day first: give"):
        land(warehouse, path)
    assert stored(warehouse, TRANSACTIONS) == []
    lines, _ = read(path, date_format="eu")
    assert [line.day for line in lines] == [date(2025, 2, 1), date(2025, 1, 31)]
    with pytest.raises(DayFirstError):
        DateReader(None).read("31/01/2025")


def test_columns_for_debit_and_credit(write: Callable[..., Path]) -> None:
    rows = ["1,,", ",2,", "-1,,", "0,2,", "1,2,", ",,", "x,,"]
    text = "".join(f"2025-11-03,A,{row}\n" for row in rows)
    lines, rejected = read(write("date,description,debit,credit,balance\n" + text))
    assert [str(line.amount) for line in lines] == ["-1.00", "2.00", "-1.00", "2.00"]
    assert [reason for _, reason in rejected] == [
        *("both debit and credit", "neither debit nor credit", "debit is no number")
    ]


def test_broken_lines_take_no_other_line_with_them(write: Callable[..., Path]) -> None:
    path = write(
        f"\ufeff\r\n{PLAIN}"
        '2025-11-01,"TWO\nLINES",1\n'  # 3, 4
        '2025-11-02,"NOBODY CLOSES THIS,2\n'  # 5
        "2025-11-03,TOO,MANY,3\n"  # 6
        "\n,,\n"
        "2025-11-04,TOO FEW\n"  # 9
        f"{PLAIN}"
        '2025-11-05,JOE"S,5\r\n'  # 11
        '2025-11-06,"SAYS ""HI"", TWICE",6,,\r\n'  # 12
        f"2025-11-07,{'X' * 200_000},7\r\n"
        "2025-11-08,\u2028 A LINE SEPARATOR,8"
    )
    lines, rejected = read(path)
    assert [(line.line_number, line.amount) for line in lines] == [
        *((3, 1), (11, 5), (12, 6), (13, 7), (14, 8))
    ]
    assert [line.description for line in lines][:3] == [
        *("TWO\nLINES", 'JOE"S', 'SAYS "HI", TWICE')
    ]
    assert rejected == [
        (5, "2 columns instead of 3"),
        (6, "4 columns instead of 3"),
        (9, "2 columns instead of 3"),
    ]


def test_generated_exports_land_what_they_say(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    chance = random.Random(7)
    expected: Counter[tuple[datetime, Decimal, str]] = Counter()
    broken = 0
    for number, (delimiter, end, mark) in enumerate(
        [(",", "\n", ""), (";", "\r\n", "\ufeff"), ("\t", "\r", ""), (",", "\r\n", "\ufeff")]
    ):
        text = [mark + delimiter.join(("Date", "Description", "Amount"))]
        for _ in range(2_000):
            day, cents = chance.randint(1, 28), chance.randint(-900_000, 900_000)
            description = chance.choice(["CAFÉ 24", "GRÜN & CO", 'A "B" C', "X, Y; Z", "日本"])
            line = [
                chance.choice([f"2025-{number + 1:02d}-{day:02d}", f"{number + 1}/{day}/2025"]),
                chance.choice([description, f"  {description} "]),
                write_amount(cents, chance),
            ]
            if chance.random() < 0.05:
                broken += 1
                line = chance.choice([line[:2], ["never", *line[1:]], [*line[:2], "1.2.3"]])
            else:
                moment = datetime(2025, number + 1, day)
                expected[moment, Decimal(cents) / 100, description] += 1
            text.append(delimiter.join(quoted(cell) for cell in line))
            text += chance.choices(["", delimiter * 2], k=chance.random() < 0.1)
        landed = land(warehouse, write(end.join(text), f"{number}.csv"))
        assert landed[0].lines == landed[0].transactions
    found = Counter(
        (row["transacted_at"], row["amount"], row["description"])
        for row in stored(warehouse, TRANSACTIONS)
    )
    assert found == expected
    assert len(stored(warehouse, REJECTED_LINES)) == broken > 300


def write_amount(cents: int, chance: random.Random) -> str:
    text = f"{abs(cents) / 100:{chance.choice([',', ''])}.2f}"
    if cents >= 0:
        return text
    return chance.choice([f"-{text}", f"\u2212{text}", f"({text})", f"{text}-", f"-${text}"])


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',;"') else cell


def test_a_category_is_a_label_of_its_day(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    path = write("date,merchant,description,amount,category\n2025-11-03,,TEA,-3,Food & Drink\n")
    land(warehouse, path)
    (transaction,), (label,) = (stored(warehouse, t) for t in (TRANSACTIONS, TRANSACTION_LABELS))
    assert transaction["source"] == "import"
    assert transaction["merchant"] is None
    assert transaction["currency"] == "USD"
    assert label["transaction_id"] == transaction["transaction_id"]
    assert (label["label"], label["label_source"]) == ("Food & Drink", "import")
    assert label["observed_at"] == transaction["transacted_at"] == datetime(2025, 11, 3)
    land(warehouse, write(path.read_text().replace("Food & Drink", "Tea"), "again.csv"))
    land(warehouse, path, account="another")
    labels = "select label from ledger.transaction_labels where label_id = ? order by loaded_at"
    found = warehouse.read(labels, [label["label_id"]]).to_pylist()
    assert [row["label"] for row in found] == ["Food & Drink", "Tea"]
    assert len(stored(warehouse, TRANSACTIONS)) == 2


def test_exports_that_overlap_land_each_transaction_once(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    other = "2025-11-04,GROCER  #12,-30\n"
    first = write(PLAIN + COFFEE + COFFEE + other)
    (landed,) = land(warehouse, first)
    assert landed.transactions == 3
    ids = [row["transaction_id"] for row in stored(warehouse, TRANSACTIONS)]
    assert len(set(ids)) == 3

    again = write(PLAIN + other.replace("GROCER  ", "Grocer ") + COFFEE * 3, "again.csv")
    (landed,) = land(warehouse, again)
    assert (landed.lines, landed.transactions) == (4, 1)
    assert {row["transaction_id"] for row in stored(warehouse, TRANSACTIONS)} > set(ids)

    (landed,) = land(warehouse, write(again.read_text(), "copy.csv"))
    assert landed.was_loaded
    assert len(stored(warehouse, TRANSACTIONS)) == 4


def test_a_transaction_that_was_deleted_does_not_come_back(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    land(warehouse, write(PLAIN + COFFEE))
    with warehouse.transaction() as transaction:
        transaction.execute("update ledger.transactions set is_deleted = true")
    (landed,) = land(warehouse, write(PLAIN + COFFEE + "\n", "again.csv"))
    assert landed.transactions == 0
    assert [row["is_deleted"] for row in stored(warehouse, TRANSACTIONS)] == [True]


def test_a_rejected_line_is_kept_as_it_came_and_can_be_mended(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    path = write(PLAIN + COFFEE + "31.01.2025,A,1\n30/01/2025,B, 2\n")
    (landed,) = land(warehouse, path, date_format="us")
    (row,) = stored(warehouse, REJECTED_LINES)[-1:]
    assert landed.problems == ["3: date is not in the calendar", "4: date is not in the calendar"]
    assert (row["file_name"], row["line_number"]) == ("export.csv", 4)
    assert row["line"] == "30/01/2025,B, 2"
    (landed,) = land(warehouse, path, date_format="eu")
    assert (landed.transactions, landed.rejected) == (2, 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"export\.csv: empty, without a header"),
        (" \r\n,,\r\n", r"export\.csv: empty, without a header"),
        ("a,b\n1,2\n", r"export\.csv:1: the header is of no known shape.*known are plain \(date"),
        (PLAIN + "x,A,1\ny,A,1\n", r"export\.csv:2: date is none.*its other lines, 2 in all"),
    ],
)
def test_what_is_no_export_is_told_and_nothing_of_it_landed(
    warehouse: MemoryWarehouse, write: Callable[..., Path], text: str, problem: str
) -> None:
    good = write(PLAIN + COFFEE, "good.csv")
    with pytest.raises(BadFileError, match=problem):
        land(warehouse, good, write(text))
    assert len(stored(warehouse, TRANSACTIONS)) == 1
    assert stored(warehouse, REJECTED_LINES) == []


def test_a_header_alone_is_an_export_without_transactions(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    (landed,) = land(warehouse, write(PLAIN))
    assert (landed.lines, landed.rejected, landed.was_loaded) == (0, 0, False)


def test_a_currency_has_three_capital_letters(project: Project) -> None:
    told = project.ingest("ledger", "export.csv", "--currency", "usd", expect=64).stderr
    assert "not three capital letters" in told


def test_another_encoding_has_to_be_named(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    path = write(PLAIN + "2025-11-03,CAFÉ,-1\n", encoding="cp1252")
    with pytest.raises(BadFileError, match="not utf-8 text: give --encoding, such as cp1252"):
        land(warehouse, path)
    land(warehouse, path, encoding="latin-1")
    (row,) = stored(warehouse, TRANSACTIONS)
    assert row["description"] == "CAFÉ"
    with pytest.raises(BadFileError, match="no such encoding: klingon"):
        ExportFormat(encoding="klingon")


def test_what_engines_cannot_hold_is_replaced(
    warehouse: MemoryWarehouse, write: Callable[..., Path]
) -> None:
    land(warehouse, write(PLAIN + "2025-11-03,A\0B,-1\nx,\0,1\n"))
    assert stored(warehouse, TRANSACTIONS)[0]["description"] == "A\ufffdB"
    assert stored(warehouse, REJECTED_LINES)[0]["line"] == "x,\ufffd,1"


def test_private_modes_hide_accounts_and_texts(
    write: Callable[..., Path],
) -> None:
    header = ",".join(SHAPES["account"])
    line = "2025-11-03,-5,PAID ada@example.com,ada@example.com,DE99 1234,gifts"
    path = write(f"{header}\n{line}\nbroken ada@example.com\n")
    ids = set()
    for privacy in (Privacy(), Privacy("hashed", KEY), Privacy("redacted", KEY)):
        warehouse = MemoryWarehouse()
        land(warehouse, path, privacy=privacy)
        (row,), (label,) = (stored(warehouse, t) for t in (TRANSACTIONS, TRANSACTION_LABELS))
        (rejected,) = stored(warehouse, REJECTED_LINES)
        ids.add(row["transaction_id"])
        text = json.dumps([row, label, rejected], default=str)
        assert ("ada@example.com" in text) == ("DE99" in text) == (privacy.mode == "full")
        assert label["label"] == "gifts"
        if privacy.mode == "redacted":
            assert {row["description"], row["merchant"], rejected["line"]} == {REDACTED}
    assert len(ids) == 2  # with a key, an id does not tell what it was made of


def test_folders_are_searched_for_exports(tmp_path: Path, write: Callable[..., Path]) -> None:
    found = [write(PLAIN, "a.CSV"), write(PLAIN, "b.tsv")]
    write(PLAIN, "c.pdf")
    assert find_files([tmp_path], SUFFIXES) == found


def test_the_command_tells_lines_by_number_and_not_what_they_say(
    project: Project, write: Callable[..., Path]
) -> None:
    path = write(PLAIN + COFFEE + "soon,SECRET LOVER,-9999\n")
    first = project.ingest("ledger", str(path), "--log-format", "json", expect=2)
    assert "SECRET" not in first.stdout + first.stderr
    assert f"{path}:3: date is none" in json.loads(first.stderr)["message"]
    told = json.loads(first.stdout)
    assert (told["rows"], told["failed"]) == (1, 1)
    second = project.ingest("ledger", str(path))
    assert second.stdout == f"{path}: loaded before, skipped\n"
    assert (
        "not three capital letters"
        in project.ingest("ledger", str(path), "--currency", "usd", expect=64).stderr
    )
    (line,) = project.ingest("ledger", str(write("a,b\n", "c.csv")), expect=1).stderr.splitlines()
    assert "no known shape" in line
    outcomes = "select outcome from genie_raw.ingest_runs where event = 'finish' order by event_at"
    assert [row["outcome"] for row in project.query(outcomes)] == ["partial", "done", "failed"]


def test_many_rejected_lines_are_counted_rather_than_told(
    warehouse: MemoryWarehouse, write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(PLAIN + COFFEE + 50 * "x,y,z\n")
    (landed,) = land(warehouse, path)
    assert tell_export(Reporter("text"), landed) == 50
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 21
    assert told[0] == f"warning: {path}:3: date is none: 2025-11-30 or 11/30/2025 are"
    assert told[-1] == f"warning: {path}: 30 more; ledger.rejected_lines has them all"
    assert len(stored(warehouse, REJECTED_LINES)) == 50


def test_a_kill_leaves_nothing_of_a_file_and_the_next_run_all_of_it(
    project: Project, write: Callable[..., Path]
) -> None:
    count = 80_000
    lines = (
        f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d},SHOP {n % 900},-{n % 50}.00\n"
        for n in range(count)
    )
    path = write(PLAIN + "".join(lines))
    project.create_tables()
    for seconds in (1.0, 2.0):
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest", "ledger", str(path)],
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        process.kill()
        process.wait()
        assert project.value("select count(*) from ledger.transactions") in (0, count)
    project.ingest("ledger", str(path))
    ids = "select count(distinct transaction_id) from ledger.transactions"
    assert project.value(ids) == project.value("select count(*) from ledger.transactions") == count


@pytest.mark.slow
def test_postgres_lands_what_duckdb_lands(
    project: Project, postgres_project: Project, write: Callable[..., Path]
) -> None:
    exports = [
        write(f"{','.join(SHAPES[name])}\n{LINES[name]}\nx\n", f"{name}.csv") for name in SHAPES
    ]
    again = write(PLAIN + COFFEE + COFFEE, "again.csv")
    landed = []
    for one in (project, postgres_project):
        one.ingest("ledger", *map(str, exports), "--account", "mine", expect=2)
        one.ingest("ledger", str(again), "--account", "mine")
        load_ledger(one.warehouse, LedgerOptions(end=date(2026, 11, 1), transactions=3_000))
        landed.append({table.name: rows_of(one, table) for table in LEDGER_TABLES})
    duckdb, postgres = landed
    assert duckdb == postgres
    assert all(duckdb.values())


def rows_of(project: Project, table: Any) -> list[tuple[Any, ...]]:
    names = [name for name in table.columns.names if name not in ("loaded_at", "batch_id")]
    rows = project.warehouse.read(f"select {', '.join(names)} from {table.qualified_name}")
    return sorted((tuple(row.values()) for row in rows.to_pylist()), key=str)
