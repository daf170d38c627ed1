"""What genie_generated_sql finds in a text, by the functions of the model's own file."""

from __future__ import annotations

import importlib.util
import json
import re
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from harness import ROOT, SHARED
from sqlglot import exp

from ingest.privacy import Privacy

MODEL = ROOT / "models" / "genie" / "gold" / "genie_generated_sql.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(MODEL.stem, MODEL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


model = load()


def found(sql: str | None) -> dict[str, Any]:
    row: dict[str, Any] = model.analyse(sql)
    assert row.keys() == model.FOUND.keys()
    for name, kind in model.FOUND.items():
        expected = {"string": str, "bigint": int, "boolean": bool}[kind]
        assert row[name] is None or type(row[name]) is expected, name
    return row


def names(row: dict[str, Any], column: str) -> list[str]:
    listed: list[str] = json.loads(row[f"{column}_json"])
    assert listed == sorted(set(listed))
    return listed


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select 1", "select"),
        ("(select 1)", "select"),
        ("with a as (select 1) select * from a", "with"),
        ("select 1 union all select 2", "union"),
        ("select 1 except select 2", "except"),
        ("select 1 intersect select 2", "intersect"),
        ("values (1), (2)", "values"),
        ("from t |> where x > 1 |> aggregate count(*) group by x", "select"),
        ("describe t", "describe"),
        ("insert into t select * from s", "insert"),
        ("create table t as select 1", "create"),
        ("select 1; select 2;", "several"),
        ("select 1;", "select"),
        ("", "empty"),
        (" \n\t", "empty"),
        ("-- nothing\n/* here */", "empty"),
        (";", "empty"),
    ],
)
def test_kind(sql: str, kind: str) -> None:
    row = found(sql)
    assert row["statement_kind"] == kind
    assert row["is_unparsable"] is False


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1", []),
        ("select * from Main.Shop.Orders o", ["main.shop.orders"]),
        ("select * from `main`.`my shop`.`Orders`", ["main.`my shop`.orders"]),
        ("select * from a join b on a.x = b.x, c", ["a", "b", "c"]),
        ("select * from a where x in (select y from b)", ["a", "b"]),
        ("select (select max(x) from b) from a", ["a", "b"]),
        ("select * from a union select * from b", ["a", "b"]),
        ("select * from (select * from (select * from a))", ["a"]),
        ("select * from ((a join b on a.x = b.x) join c on c.x = a.x)", ["a", "b", "c"]),
        # names of WITH are no tables, where they are visible and not qualified
        ("with t as (select * from a), u as (select * from t) select * from u, T", ["a"]),
        ("with a as (select * from a) select * from a", ["a"]),
        ("with u as (select * from t), t as (select * from a) select * from u, t", ["a", "t"]),
        ("with t as (select * from a) select * from s.t", ["a", "s.t"]),
        ("with t as (select * from a) select * from b where x in (select x from t)", ["a", "b"]),
        ("select * from (with t as (select * from a) select * from t) join t on true", ["a", "t"]),
        (
            "with recursive r as (select id from a union all select a.id from a join r on r.id ="
            " a.parent) select * from r",
            ["a"],
        ),
        # nor is what is made on the spot
        ("select * from range(10)", []),
        ("select * from values (1, 2) as v(a, b)", []),
        ("select * from explode(array(1, 2))", []),
        ("select x from a lateral view explode(a.xs) l as x", ["a"]),
        ("select * from a, lateral explode(a.xs) as l(x)", ["a"]),
        ("select * from a tablesample (10 percent)", ["a"]),
        ("select * from a timestamp as of '2026-01-01'", ["a"]),
        ("select * from a pivot (sum(x) for y in ('p', 'q'))", ["a"]),
        ("select * from delta.`/Volumes/Main/x`", ["delta.`/Volumes/Main/x`"]),
        ("from a |> join b on a.x = b.x |> where a.y > 1 |> select a.x", ["a", "b"]),
        ("insert into t select * from s", ["s"]),
        ("select 1 from a; select 1 from b", ["a", "b"]),
    ],
)
def test_tables(sql: str, tables: list[str]) -> None:
    row = found(sql)
    assert names(row, "tables") == tables
    assert row["table_count"] == len(tables)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select x, Y from s.t", ["s.t.x", "s.t.y"]),
        ("select o.x, sum(c.y) from s.o join c on o.id = c.id", ["c.id", "c.y", "s.o.id", "s.o.x"]),
        ("select s.t.x, t.y from s.t", ["s.t.x", "s.t.y"]),
        ("select `x y` from s.`t u`", ["s.`t u`.`x y`"]),
        ("select s.`t u`.x, `t u`.y from s.`t u`", ["s.`t u`.x", "s.`t u`.y"]),
        ("select x, a.y from a join b on a.id = b.id", ["a.id", "a.y", "b.id", "x"]),
        ("select *, count(*) from a", []),
        # fields of structs and JSON are not columns
        ("select address.city, a.address.zip, payload:x.y from a", ["a.address", "a.payload"]),
        # what a query makes is not a column of a table
        ("with q as (select x as y from a) select y, q.y from q", ["a.x"]),
        ("with q(z) as (select x from a) select z from q", ["a.x"]),
        (
            "with q as (select x as y from a) select y, w from q join b on q.y = b.v",
            ["a.x", "b.v", "b.w"],
        ),
        ("select x as total from a where x > 1 order by total", ["a.x"]),
        ("select sum(x) as total from a group by y having total > 1", ["a.x", "a.y"]),
        ("select lower(name) as name from a group by name", ["a.name"]),
        ("select x * 2 as double, double + 1 from a", ["a.x"]),
        ("select total from a where total > 1", ["a.total"]),
        ("select x as y from a union select z from b order by y", ["a.x", "b.z"]),
        ("select l.x from a lateral view explode(a.xs) l as x", ["a.xs"]),
        ("select x from a lateral view explode(xs) l as x", ["a.xs"]),
        ("select transform(xs, e -> e + y) from a", ["a.xs", "a.y"]),
        ("select 1 from a where exists (select 1 from b where b.id = a.id)", ["a.id", "b.id"]),
        ("select x, (select max(y) from b) from a", ["a.x", "b.y"]),
        ("from a |> extend x + 1 as y |> where y > 2 |> select y", ["a.x"]),
    ],
)
def test_columns(sql: str, columns: list[str]) -> None:
    assert names(found(sql), "columns") == columns


@pytest.mark.parametrize(
    ("sql", "count", "kinds"),
    [
        ("select 1 from a", 0, []),
        ("select 1 from a join b on a.x = b.x inner join c using (x)", 2, ["inner"]),
        (
            "select 1 from a left join b using (x) right outer join c using (x)",
            2,
            ["left", "right"],
        ),
        ("select 1 from a full join b using (x) natural join c", 2, ["full", "natural"]),
        ("select 1 from a left semi join b using (x) anti join c using (x)", 2, ["anti", "semi"]),
        ("select 1 from a, b cross join c", 2, ["cross"]),
        ("with q as (select 1 from a join b using (x)) select 1 from q", 1, ["inner"]),
        ("select 1 from a lateral view explode(xs) l as x", 0, []),
    ],
)
def test_joins(sql: str, count: int, kinds: list[str]) -> None:
    row = found(sql)
    assert row["join_count"] == count
    assert names(row, "join_kinds") == kinds


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 from a, b",
        "select 1 from a cross join b",
        "select 1 from a join b",
        "select 1 from a join b on true",
        "select 1 from a join b on 1 = 1",
        "select 1 from a left join b on a.x = 1",
        "select 1 from a, b where a.x = 1 and b.y = 2",
        "select 1 from a, b where status = 'open'",
        # the last one is linked to nothing
        "select 1 from a join b on a.x = b.x join c on a.x = b.x",
        "select 1 from a join b using (x), c",
        "select 1 from (a join b on a.x = b.x), c where a.x > 1",
        # in any part of the statement, whatever the names of tables are there
        "select 1 from (select a.x from a, b) q",
        "with q as (select a.x from a, b) select 1 from q",
        "select 1 from c where x in (select a.x from a, b)",
        "select 1 from c union all select 1 from a, b",
        "with a as (select x from t), b as (select y from t) select 1 from a cross join b",
        "select 1 from (select x from t) a, (select y from u group by y) b",
        "from a |> join b |> select 1",
    ],
)
def test_cartesian(sql: str) -> None:
    row = found(sql)
    assert row["has_cartesian_join"] is True
    assert re.search(r"cartesian join of \w and \w", row["findings"])


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 from a",
        "select 1 from a, b where a.x = b.x",
        "select 1 from a, b, c where a.x = b.x and (b.y + 1 = c.y or c.y is null)",
        "select 1 from s.a, s.b where s.a.x = s.b.x",
        "select 1 from a join b using (x)",
        "select 1 from a natural join b",
        "select 1 from a join b on a.x between b.low and b.high",
        "select 1 from (a join b on a.x = b.x) join c on c.x = b.x",
        # bare names: the text does not tell whose they are
        "select 1 from a join b on x = y",
        "select 1 from a, b where a.x = y",
        "select 1 from a, b where exists (select 1 from c where c.x = a.x and c.y = b.y)",
        # rows that are made on the spot
        "select 1 from a lateral view explode(a.xs) l as x",
        "select 1 from a, lateral explode(a.xs) as l(x)",
        "select 1 from a cross join lateral (select 1 from b where b.x = a.x)",
        "select 1 from a cross join unnest(a.xs)",
        "select 1 from a cross join range(12)",
        "select 1 from a cross join values (1), (2) as v(n)",
        "select 1 from a cross join (select explode(sequence(1, 12)) as n)",
        "select 1 from a lateral view explode(a.ids) l as id join b on b.id = l.id",
        # one row
        "select 1 from a cross join (select max(day) as newest from a)",
        "with newest as (select max(day) as day from a) select 1 from a cross join newest",
        "with n as (select max(day) as day from a), m as (select day - 7 as day from n)"
        " select 1 from a, n, m",
        "select 1 from a cross join (select day from a order by day desc limit 1)",
        "select 1 from a cross join (select 7 as days)",
    ],
)
def test_not_cartesian(sql: str) -> None:
    assert found(sql)["has_cartesian_join"] is False


@pytest.mark.parametrize(
    ("sql", "is_starred"),
    [
        ("select * from a", True),
        ("select a.* from a join b using (x)", True),
        ("select * except (x) from a", True),
        ("select q.x from (select * from a) q", True),
        ("select * from q join a using (x)", True),
        ("from a |> where x > 1", True),
        ("select count(*) from a", False),
        ("with q as (select x from a) select * from q", False),
        ("select q.* from (select x from a) q join b using (x)", False),
        ("select 1 from a where exists (select * from b where b.x = a.x)", False),
        ("select * from values (1), (2)", False),
        ("select address.* from a", False),
        ("from a |> select x", False),
    ],
)
def test_select_star(sql: str, is_starred: bool) -> None:
    assert found(sql)["has_select_star"] is is_starred


@pytest.mark.parametrize(
    "condition",
    [
        "order_date = x",
        "o.created_at > x",
        "orderDate = x",
        "shipdate = x",
        "year = 2025",
        "fiscal_quarter = 'Q1'",
        "ts > x",
        "x >= current_date",
        "x >= current_date() - interval 30 days",
        "x = date '2026-01-01'",
        "x >= '2026-01-01'",
        "x like '2026-01%'",
        "x > cast(y as timestamp)",
        "y < to_date(x, 'yyyyMMdd')",
        "extract(year from x) = 2026",
        "make_date(a, b, c) < x",
        "weekofyear(x) = 3",
        "x > unix_timestamp()",
        "id in (select id from visits where visited_at > x)",
        "order_date > ?",
    ],
)
def test_time_filter(condition: str) -> None:
    for sql in (
        f"select 1 from o where y = 1 and ({condition})",
        f"select 1 from o join p on o.id = p.id and {condition}",
        f"select 1 from o group by id having {condition}",
        f"select 1 from o qualify {condition}",
        f"with q as (select 1 from o where {condition}) select 1 from q, p",
        f"select count(*) filter (where {condition}) from o",
        f"from o |> where {condition}",
    ):
        assert found(sql)["has_no_time_filter"] is False, sql


@pytest.mark.parametrize(
    "sql",
    [
        "select order_date from o",
        "select 1 from o where status = 'open' and amount > 5 and name like '20%'",
        "select 1 from o where element_at(xs, 1) = json_extract(y, 'z') and runtimes = 3",
        "select 1 from o group by order_date order by order_date",
        "select date_trunc('month', order_date) from o where region = 'north'",
        "select sum(case when order_date > '2026-01-01' then 1 end) from o",
    ],
)
def test_no_time_filter(sql: str) -> None:
    assert found(sql)["has_no_time_filter"] is True


def test_what_reads_no_table_needs_no_time_filter() -> None:
    assert found("select * from range(10) where id > 1")["has_no_time_filter"] is False


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select all from", "line 1, column "),
        ("select 1\nfrom t where (", "line 2, column "),
        ("select 'without an end", "a literal or a comment has no end"),
        ("select /* without an end", "a literal or a comment has no end"),
        ("I cannot answer that.", "line 1, column 15"),
        ("hello world", "not a query"),
        ("from t |> limit x", "ValueError in sqlglot"),
        ("show tables", "not a query"),
        ("select " + "(" * 26 + "1" + ")" * 26, "nested deeper than 25 levels"),
        ("select " + "not " * 3000 + "x", "nested deeper than 25 levels"),
        ("select " + "case when a then " * 3000 + "1" + " end" * 3000, "nested deeper than 25"),
        ("select 1 from t where " + "- " * 3000 + "x", "nested deeper than 25 levels"),
        ("with recursive r as (select * from r) select * from r, r as s", "nested deeper than 25"),
        ("select 1 " + " " * 100_000, "longer than 100000 characters"),
    ],
)
def test_unparsable(sql: str, why: str) -> None:
    row = found(sql)
    assert row["is_unparsable"] is True
    assert row["findings"].startswith(f"cannot be parsed: {why}")
    known = {name for name, value in row.items() if value is not None}
    assert known == {"is_unparsable", "findings"}


def test_the_deepest_that_is_parsed_is_parsed_anywhere() -> None:
    """However much of Python's stack is used already."""

    def deeper(frames: int, sql: str) -> bool:
        if frames:
            return deeper(frames - 1, sql)
        return bool(found(sql)["is_unparsable"])

    for opening, closing in (("(", ")"), ("f(", ")"), ("case when a then ", " end"), ("a[", "]")):
        assert not deeper(300, f"select {opening * 25}1{closing * 25}")
    assert not deeper(300, "select 1 from (" * 25 + "select 1" + ")" * 25)


def test_a_long_text_is_parsed() -> None:
    columns = ", ".join(f"o.column_{number:07}" for number in range(5_300))
    sql = f"select {columns} from shop.orders as o where o.order_date > '2026-01-01'"
    assert 95_000 < len(sql) <= 100_000
    row = found(sql)
    assert len(names(row, "columns")) == 5_301
    assert row["findings"] is None


@pytest.mark.parametrize("sql", [None, "[purged]", "[redacted]"])
def test_of_a_text_that_was_not_kept_nothing_is_said(sql: str | None) -> None:
    assert set(found(sql).values()) == {None}


def test_findings_are_told_in_words() -> None:
    row = found("select * from shop.orders, shop.customers")
    assert row["findings"] == (
        "cartesian join of customers and orders;"
        " all columns of shop.customers, shop.orders; no time filter"
    )
    assert found("select x from a where year = 2026")["findings"] is None


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    batch = pa.RecordBatch.from_pylist(
        [dict.fromkeys((*model.KEYS, *model.TIMES)) | {"query_sql": "show secrets"}]
    )
    (rows,) = model.analysed(iter([batch]))
    assert rows.schema.names == list(model.COLUMNS)
    assert rows.column("is_unparsable").to_pylist() == [True]
    assert caplog.records == []


@pytest.fixture(scope="module")
def real_statements() -> list[str]:
    path = SHARED / "data" / "questions_and_sql.jsonl"
    if not path.is_file():
        pytest.skip("no ../shared/data/questions_and_sql.jsonl beside the project")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["sql"] for line in lines]


def test_real_statements_are_parsed(real_statements: list[str]) -> None:
    """Of another dialect; their tables are looked for by other means than the model's."""
    for sql in real_statements:
        row = found(sql)
        assert row["is_unparsable"] is False, sql
        tree = sqlglot.parse_one(sql, read="postgres")
        queries = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        read = (
            table
            for table in tree.find_all(exp.Table)
            if table.db or table.name.lower() not in queries
        )
        tables = {".".join(part.name.lower() for part in table.parts) for table in read}
        assert set(names(row, "tables")) == tables, sql
        written = {word.lower() for word in re.findall(r"\w+", sql)}
        assert {name.split(".")[-1] for name in names(row, "columns")} <= written, sql


def test_redacted_statements_are_parsed(real_statements: list[str]) -> None:
    """Without literals the same is found, but for times that only a literal named."""
    privacy = Privacy("redacted", "k" * 16)
    for sql in real_statements:
        shape = privacy.row({"statement_text": sql})["statement_text"]
        kept, redacted = found(sql), found(shape)
        for name in ("statement_kind", "tables_json", "join_kinds_json", "has_cartesian_join"):
            assert redacted[name] == kept[name], sql
        assert redacted["has_select_star"] == kept["has_select_star"]
