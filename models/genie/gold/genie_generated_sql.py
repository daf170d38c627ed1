"""What the SQL that Genie wrote reads, and what looks wrong in it.

The text alone is judged: sqlglot parses it as Databricks would, no table is looked up. The YAML
beside this file defines each finding. All is in one file, because Databricks runs it alone.
"""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Self

import pyarrow as pa
from sqlglot import Dialect, ParseError, TokenError, TokenType, exp

KEYS = (
    *("attachment_key", "message_key", "workspace_id", "space_id", "conversation_id"),
    *("message_id", "statement_id", "statement_number", "is_final", "created_timestamp"),
    "query_sql",
)
FOUND = {
    "statement_kind": "string",
    "table_count": "bigint",
    "tables_json": "string",
    "columns_json": "string",
    "join_count": "bigint",
    "join_kinds_json": "string",
    "is_unparsable": "boolean",
    "has_cartesian_join": "boolean",
    "has_select_star": "boolean",
    "has_no_time_filter": "boolean",
    "findings": "string",
}
TIMES = ("fetched_at", "source_loaded_at")
COLUMNS = (*KEYS, *FOUND, *TIMES)
ARROW_TYPES = {"string": pa.string(), "bigint": pa.int64(), "boolean": pa.bool_()}

NOT_KEPT = {None, "[purged]", "[redacted]"}
MOST_CHARACTERS = 100_000
# Python's stack ends at about 40 levels, at a few more or less wherever this is called from: a
# limit of our own comes first, and is the same everywhere
DEEPEST_NESTING = 25
NESTING = {
    **dict.fromkeys((TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE), 1),
    **dict.fromkeys((TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END), -1),
}
STATEMENTS = (exp.Query, exp.Values, exp.DDL, exp.DML, exp.Describe)
ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?\b")
TIME_WORD = re.compile(
    r"(date|datetime|time|timestamp|day|week|month|quarter|year|hour|minute|period)s?|ts|dt|yr|unix"
    r"|\w*(date|time|day|month|year)"
)


def model(dbt: Any, session: Any) -> Any:
    """Return a row per statement: a data frame of Spark, or on DuckDB a reader of Arrow."""
    # on Databricks: a serverless job of its own, its notebook where only its owner may change it
    dbt.config(
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="genie_generated_sql",
        environment_dependencies=["sqlglot==30.30.0"],
    )
    statements = dbt.ref("silver_message_statements")
    on_spark = hasattr(statements, "mapInArrow")
    if dbt.is_incremental:
        newest = session.sql(
            f"select cast(max(source_loaded_at) as string) from {dbt.this}"  # noqa: S608 - our own
        )
        ((moment,),) = newest.collect() if on_spark else newest.fetchall()
        if moment is not None:
            statements = statements.filter(f"source_loaded_at >= timestamp '{moment}'")
    statements = statements.select(*KEYS, *TIMES)
    if on_spark:
        types = dict(statements.dtypes) | FOUND
        return statements.mapInArrow(analysed, ", ".join(f"{it} {types[it]}" for it in COLUMNS))
    reader = pa.RecordBatchReader.from_stream(statements)
    return pa.RecordBatchReader.from_batches(extended(reader.schema), analysed(reader))


def extended(schema: pa.Schema) -> pa.Schema:
    """Return the schema of the table, given that of what it is made from."""
    return pa.schema(
        [
            pa.field(name, ARROW_TYPES[FOUND[name]]) if name in FOUND else schema.field(name)
            for name in COLUMNS
        ]
    )


def analysed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Add to batches of statements what is found in their SQL."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it would log texts
    for batch in batches:
        schema = extended(batch.schema)
        rows = [analyse(sql) for sql in batch.column("query_sql").to_pylist()]
        arrays = [
            pa.array([row[item.name] for row in rows], item.type)
            if item.name in FOUND
            else batch.column(item.name)
            for item in schema
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def analyse(sql: str | None) -> dict[str, Any]:
    """Return the columns FOUND of one text: all null, where the text was not kept."""
    row: dict[str, Any] = dict.fromkeys(FOUND)
    if sql is None or sql in NOT_KEPT:
        return row
    try:
        return row | describe(parse(sql))
    except (ParseError, TokenError, RecursionError) as error:
        return row | {"is_unparsable": True, "findings": f"cannot be parsed: {reason(error)}"}


def parse(sql: str) -> list[exp.Expr]:
    """Return the statements of a text; none, where it has comments only.

    Raises:
        ParseError: it is no SQL, or too long, or sqlglot has a fault.
        TokenError: a literal or a comment has no end.
        RecursionError: it is nested too deeply.
    """
    if len(sql) > MOST_CHARACTERS:
        raise ParseError(f"longer than {MOST_CHARACTERS} characters")
    try:
        trees = trees_of(sql)
    except (ParseError, TokenError, RecursionError):
        raise
    except Exception as fault:  # on odd texts sqlglot fails in ways of its own: none stops a build
        raise ParseError(f"{type(fault).__name__} in sqlglot") from fault
    if not all(isinstance(tree, STATEMENTS) for tree in trees):
        raise ParseError("not a query")
    return trees


def trees_of(sql: str) -> list[exp.Expr]:
    """Return what sqlglot makes of a text that is not nested too deeply."""
    databricks = Dialect.get_or_raise("databricks")
    tokens = databricks.tokenize(sql)
    depths = accumulate(NESTING.get(token.token_type, 0) for token in tokens)
    if max(depths, default=0) > DEEPEST_NESTING:
        raise RecursionError
    return [tree for tree in databricks.parser().parse(tokens, sql) if tree is not None]


def reason(error: Exception) -> str:
    """Return why a text could not be parsed, with nothing of the text."""
    if isinstance(error, RecursionError):
        return f"nested deeper than {DEEPEST_NESTING} levels"
    if isinstance(error, TokenError):
        return "a literal or a comment has no end"
    if isinstance(error, ParseError) and error.errors:
        return "line {line}, column {col}".format(**error.errors[0])
    return str(error)


@dataclass(frozen=True, eq=False)
class Source:
    """What stands in a FROM: a table, a query (in brackets or named by WITH), or rows made there.

    Attributes:
        name: Alias, or last part of the name; lower case, like all names.
        table: Full name, of a table only.
        query: What gives the rows, of a query only.
        outputs: Columns, as far as the text tells; `*` where there may be more.
    """

    name: str
    table: str | None = None
    query: exp.Expr | None = None
    outputs: frozenset[str] = frozenset()

    @property
    def is_counted(self) -> bool:
        """Whether it may give many rows that are not made on the spot."""
        return self.table is not None or not (self.query is None or gives_one_row(self.query))

    def column_of(self, parts: list[str]) -> str | None:
        """Return the column that a dotted name means, if it is one of this source."""
        if parts[0] == self.name:
            return parts[1]
        qualifier = ".".join(map(quoted, parts[:-1]))
        is_ours = self.table is not None and f".{self.table}".endswith(f".{qualifier}")
        return parts[-1] if is_ours else None


@dataclass(eq=False)
class Block:
    """One SELECT with its own FROM.

    Attributes:
        outer: The SELECT around it, whose sources it may name.
        joins: Joins between its sources.
        made: Columns that it makes itself, with the place of each.
    """

    select: exp.Select
    outer: Self | None
    sources: list[Source]
    joins: list[exp.Join] = field(default_factory=list)

    def __post_init__(self) -> None:
        aliases = [item.alias.lower() for item in self.select.expressions]
        self.made = {alias: place for place, alias in reversed([*enumerate(aliases)]) if alias}

    def owner(self, column: exp.Column) -> tuple[Source | None, str, bool]:
        """Return the source of a column, the column's name, and whether it may be another's."""
        parts = [part.name.lower() for part in column.parts]
        block: Block | None = self
        while len(parts) > 1 and block is not None:
            for source in block.sources:
                if name := source.column_of(parts):
                    return source, name, False
            block = block.outer
        name, block = parts[0], self  # further parts are fields of a struct
        while not block.sources and block.outer is not None:
            block = block.outer
        likely = [source for source in block.sources if name in source.outputs]
        likely = likely or [s for s in block.sources if s.table is not None or "*" in s.outputs]
        return (likely[0], name, False) if len(likely) == 1 else (None, name, bool(likely))

    def means_own(self, column: exp.Column) -> bool:
        """Whether a bare name means a column that the SELECT makes: not in WHERE and ON."""
        place = self.made.get(column.name.lower())
        if place is None or column.table:
            return False
        node: exp.Expr = column
        while node.parent is not None and node.parent is not self.select:
            node = node.parent
        if node.arg_key == "expressions":
            return node.index is not None and place < node.index
        return node.arg_key in ("group", "having", "order", "qualify", "sort", "cluster")


def describe(trees: list[exp.Expr]) -> dict[str, Any]:
    """Return what is found in the statements of one text."""
    blocks = blocks_of(trees)
    joins = [join for tree in trees for join in tree.find_all(exp.Join)]
    sources = [source for block in blocks.values() for source in block.sources]
    tables = sorted({source.table for source in sources if source.table is not None})
    columns = {name for tree in trees for name in columns_of(tree, blocks)}
    unlinked = next(
        (names for block in blocks.values() if (names := unlinked_in(block, blocks))), []
    )
    starred = sorted({table for block in blocks.values() for table in starred_in(block)})
    lacks_time = bool(tables) and not any(names_time(tree) for tree in trees)
    findings = [
        *([f"cartesian join of {' and '.join(unlinked)}"] if unlinked else []),
        *([f"all columns of {', '.join(starred)}"] if starred else []),
        *(["no time filter"] if lacks_time else []),
    ]
    return {
        "statement_kind": kind_of(trees),
        "table_count": len(tables),
        "tables_json": json.dumps(tables, ensure_ascii=False),
        "columns_json": json.dumps(sorted(columns), ensure_ascii=False),
        "join_count": len(joins),
        "join_kinds_json": json.dumps(sorted({join_kind(join) for join in joins})),
        "is_unparsable": False,
        "has_cartesian_join": bool(unlinked),
        "has_select_star": bool(starred),
        "has_no_time_filter": lacks_time,
        "findings": "; ".join(findings) or None,
    }


def kind_of(trees: list[exp.Expr]) -> str:
    """Return what kind of statement a text is."""
    if len(trees) != 1:
        return "several" if trees else "empty"
    tree = trees[0].unnest()
    named = tree.args.get("with_")
    # the steps of a pipe are named queries to sqlglot
    if named and not all(cte.alias.startswith("__tmp") for cte in named.expressions):
        return "with"
    return str(tree.key)


def join_kind(join: exp.Join) -> str:
    """Return cross, semi, anti, natural, left, right, full or inner; a comma is a cross join."""
    kind = join.kind if join.kind in ("CROSS", "SEMI", "ANTI") else join.method or join.side
    return (kind or "inner").lower()


def blocks_of(trees: list[exp.Expr]) -> dict[int, Block]:
    """Return every SELECT, however deep, by the identity of its node."""
    blocks: dict[int, Block] = {}
    for tree in trees:
        for select in tree.find_all(exp.Select):  # the outer ones first
            outer = blocks.get(id(select.parent_select))
            blocks[id(select)] = Block(select, outer, sources_of(select))
        for join in tree.find_all(exp.Join):
            if block := blocks.get(id(join.parent_select)):
                block.joins.append(join)
    return blocks


def sources_of(select: exp.Select) -> list[Source]:
    """Return what stands in the FROM of a SELECT, its joins and lateral views included."""
    nodes = [select.args["from_"].this] if select.args.get("from_") else []
    nodes += [join.this for join in select.args.get("joins") or []]
    nodes += select.args.get("laterals") or []
    return [source_of(leaf) for node in nodes for leaf in leaves_of(node)]


def leaves_of(node: exp.Expr) -> Iterator[exp.Expr]:
    """Return the relations of a join in brackets; any other relation as it is."""
    if isinstance(node, exp.Subquery) and isinstance(node.unnest(), exp.Table):
        yield from leaves_of(node.this)
    else:
        yield node
    for join in node.args.get("joins") or []:
        yield from leaves_of(join.this)


def source_of(node: exp.Expr) -> Source:
    """Return one relation of a FROM."""
    named, query = node, node.unnest() if isinstance(node, exp.Subquery) else None
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        cte = cte_of(node)
        if cte is None:
            table = ".".join(quoted(part.name) for part in node.parts)
            return Source(node.alias_or_name.lower(), table=table)
        named, query = cte, cte.this
    outputs = named.alias_column_names
    if isinstance(query, exp.Query) and not outputs:
        outputs = query.named_selects
    names = frozenset(output.lower() for output in outputs)
    return Source(node.alias_or_name.lower(), query=query, outputs=names)


def quoted(part: str) -> str:
    """Return a part of a name: in lower case unless it is a path, in backticks where needed."""
    name = part if "/" in part else part.lower()
    return name if re.fullmatch(r"\w+", name) else f"`{name}`"


def cte_of(table: exp.Table) -> exp.CTE | None:
    """Return the named query that a name means where it stands; none, if it means a table."""
    if table.db:
        return None
    below: exp.Expr = table
    while (node := below.parent) is not None:
        visible: list[exp.Expr] = []
        named = node.args.get("with_")
        if isinstance(node, exp.With):  # a named query sees those before it
            place = below.index or 0
            visible = node.expressions[: place + 1 if node.recursive else place]
        elif named is not None and named is not below:
            visible = named.expressions
        for cte in visible:
            if isinstance(cte, exp.CTE) and cte.alias.lower() == table.name.lower():
                return cte
        below = node
    return None


def columns_of(tree: exp.Expr, blocks: dict[int, Block]) -> Iterator[str]:
    """Return the columns of tables: with the table, where the text tells which one it is."""
    for column in tree.find_all(exp.Column):
        block = blocks.get(id(column.find_ancestor(exp.Select, exp.SetOperation)))
        if block is None or isinstance(column.this, exp.Star) or block.means_own(column):
            continue
        source, name, is_open = block.owner(column)
        if is_open:
            yield quoted(name)
        elif source is not None and source.table is not None:
            yield f"{source.table}.{quoted(name)}"


def starred_in(block: Block) -> set[str]:
    """Return the tables of which a SELECT takes all columns; EXISTS takes none."""
    found: set[str] = set()
    for item in block.select.expressions:
        if isinstance(block.select.parent, exp.Exists) or not item.is_star:
            continue
        name = item.table.lower() if isinstance(item, exp.Column) else ""
        found |= {s.table for s in block.sources if s.table and name in ("", s.name)}
    return found


def names_time(tree: exp.Expr) -> bool:
    """Whether a condition of a statement names a date or a time."""
    conditions = [*tree.find_all(exp.Where, exp.Having, exp.Qualify)]
    conditions += [join.args["on"] for join in tree.find_all(exp.Join) if join.args.get("on")]
    return any(is_time(node) for condition in conditions for node in condition.walk())


def is_time(node: exp.Expr) -> bool:
    """Whether a part of a condition is a date or a time by its type, its form or its name."""
    if isinstance(node, exp.Interval | exp.Extract):
        return True
    if isinstance(node, exp.DataType):
        return node.is_type(*exp.DataType.TEMPORAL_TYPES)
    if isinstance(node, exp.Literal):
        return bool(node.is_string and ISO_DATE.match(node.this))
    if isinstance(node, exp.Column):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower()
        return name.endswith("_at") or any(map(TIME_WORD.fullmatch, name.split("_")))
    if isinstance(node, exp.Func):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        return any(map(TIME_WORD.fullmatch, name.lower().split("_")))
    return False


def unlinked_in(block: Block, blocks: dict[int, Block]) -> list[str]:
    """Return one name of each group of sources that no condition links; none, if all are linked.

    One row, or rows made on the spot, multiply nothing by mistake. Bare names whose source the text
    does not tell may link anything: then nothing is said.
    """
    counted = [source.name for source in block.sources if source.is_counted]
    if not counted:
        return []
    groups = [{name} for name in counted]
    link(groups, {counted[0], *(source.name for source in block.sources if not source.is_counted)})
    for join in block.joins:
        if join.args.get("using") or join.method == "NATURAL":
            leaves = leaves_of(join.this)
            link(groups, {counted[0], *(leaf.alias_or_name.lower() for leaf in leaves)})
    for condition in conditions_of(block):
        linked, unknown = set(), 0
        for column in condition.find_all(exp.Column):
            own = blocks.get(id(column.parent_select), block)
            source, _, is_open = own.owner(column)
            unknown += is_open and own is block
            linked |= {source.name} if source in block.sources else set()
        if unknown and unknown + len(linked) > 1:
            return []
        link(groups, linked)
    return [min(group.intersection(counted)) for group in groups] if len(groups) > 1 else []


def link(groups: list[set[str]], names: set[str]) -> None:
    """Merge the groups that hold any of the names."""
    touched = [group for group in groups if group & names]
    if touched:
        groups[:] = [group for group in groups if group not in touched]
        groups.append(names.union(*touched))


def gives_one_row(query: exp.Expr) -> bool:
    """Whether a query gives one row at most: LIMIT 1, aggregates without GROUP BY, no FROM."""
    if not isinstance(query, exp.Select):
        return False
    limit = query.args.get("limit")
    if limit is not None and limit.expression is not None and limit.expression.name == "1":
        return True
    if query.args.get("group"):
        return False
    aggregates = (found for item in query.expressions for found in item.find_all(exp.AggFunc))
    if any(found.find_ancestor(exp.Window, exp.Select) is query for found in aggregates):
        return True
    return all(source.query and not source.is_counted for source in sources_of(query))


def conditions_of(block: Block) -> Iterator[exp.Expr]:
    """Return what must hold for the rows of a SELECT, taken apart at each AND."""
    where = block.select.args.get("where")
    pending = [where.this] if where else []
    pending += [join.args["on"] for join in block.joins if join.args.get("on")]
    while pending:
        condition = pending.pop().unnest()
        if isinstance(condition, exp.And):
            pending += [condition.left, condition.right]
        else:
            yield condition
