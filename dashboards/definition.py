"""Reads a `.lvdash.json`: what its datasets select, and what its widgets show of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from dashboards.errors import DefinitionError

Json = dict[str, Any]

SCHEMA = "genie_analytics"
# `column`, AGGREGATE(`column`), COUNT(DISTINCT `column`), PERCENTILE(`column`, 0.5)
_COLUMN = re.compile(r"`(?P<column>\w+)`")
_TRUNCATED = re.compile(r'DATE_TRUNC\("(?P<unit>DAY|WEEK|MONTH)", `(?P<column>\w+)`\)')
_AGGREGATE = re.compile(
    r"(?P<function>SUM|AVG|MIN|MAX|COUNT|PERCENTILE)"
    r"\((?P<distinct>DISTINCT )?`(?P<column>\w+)`(, (?P<quantile>[01](\.\d+)?))?\)"
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: a select from one mart.

    Attributes:
        name: What queries call it.
        query: The select as written.
        mart: The table that it reads.
        columns: Names of the columns that it has.
        parameters: Names of its parameters, each with its value at first.
    """

    name: str
    query: exp.Select
    mart: str
    columns: tuple[str, ...]
    parameters: Mapping[str, str]

    def sql(self, engine: str, given: Mapping[str, str], *, ordered: bool = False) -> str:
        """Return it in an engine's SQL, the mart with its schema, parameters with their values."""
        select = self._qualified()
        for placeholder in list(select.find_all(exp.Placeholder)):
            value = given.get(placeholder.name, self.parameters[placeholder.name])
            placeholder.replace(exp.Literal.string(value))
        if not ordered:
            select.set("order", None)
        return select.sql(dialect=engine)

    def sql_for_all(self, engine: str, columns: Sequence[str] = ()) -> str:
        """Return it for all values of its parameters at once, each as one column more.

        With columns these only: datasets of the same rows have the same text for them.

        Raises:
            DefinitionError: a parameter is not compared with a column of its name.
        """
        select = self._qualified()
        select.set("order", None)
        for placeholder in list(select.find_all(exp.Placeholder)):
            condition = placeholder.parent
            if not isinstance(condition, exp.EQ) or condition.this.name != placeholder.name:
                raise DefinitionError(
                    f"dataset {self.name}: compare the column {placeholder.name} with its parameter"
                )
            condition.replace(exp.true())
            select = select.select(placeholder.name)
        if columns:
            kept = [one for one in select.selects if one.alias_or_name in columns]
            select = select.select(*kept, append=False)
        return select.sql(dialect=engine)

    def _qualified(self) -> exp.Select:
        select = self.query.copy()
        for table in select.find_all(exp.Table):
            table.set("db", exp.to_identifier(SCHEMA))
        return select


@dataclass(frozen=True, slots=True)
class Expression:
    """What a field of a query computes.

    Attributes:
        column: Of the dataset.
        function: SUM, AVG, MIN, MAX, COUNT, DISTINCT, PERCENTILE, or none.
        unit: DAY, WEEK or MONTH, if the column is cut to it.
        quantile: Of PERCENTILE, 0 to 1.
    """

    column: str
    function: str = ""
    unit: str = ""
    quantile: str = ""

    @property
    def is_aggregate(self) -> bool:
        """Whether it makes one value of many rows."""
        return bool(self.function)


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a widget: fields of a dataset, by name, or the parameters that it sets."""

    dataset: str
    fields: Mapping[str, Expression]
    parameters: tuple[str, ...]
    is_disaggregated: bool


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget.

    Attributes:
        name: Unique in the dashboard.
        kind: counter, bar, table, filter-multi-select and so on, or text.
        title: Over it.
        description: Under the title.
        queries: By name.
        encodings: Which field is shown how.
        lines: Of a text.
        position: x, y, width and height on the grid.
        spec: All that the file says of its drawing.
    """

    name: str
    kind: str
    title: str
    description: str
    queries: Mapping[str, Query]
    encodings: Json
    lines: tuple[str, ...]
    position: Mapping[str, int]
    spec: Json

    @property
    def is_filter(self) -> bool:
        """Whether people choose by it."""
        return self.kind.startswith("filter-")


@dataclass(frozen=True, slots=True)
class Page:
    """A page."""

    name: str
    title: str
    is_global: bool
    widgets: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A dashboard.

    Attributes:
        datasets: By name.
        pages: In order.
        colors: Of charts.
    """

    datasets: Mapping[str, Dataset]
    pages: tuple[Page, ...]
    colors: tuple[str, ...]

    def filters_on(self, page: Page, dataset: str) -> Iterator[tuple[Widget, str]]:
        """Yield filters that go for a dataset on a page, each with its column."""
        for one in self.pages:
            if one.is_global or one is page:
                for widget in one.widgets:
                    if widget.is_filter:
                        for query in widget.queries.values():
                            if query.dataset == dataset and query.fields:
                                yield widget, next(iter(query.fields))

    def filter_of_parameter(self, page: Page, dataset: str, parameter: str) -> Widget | None:
        """Return the filter that sets a parameter of a dataset on a page."""
        for widget in page.widgets:
            for query in widget.queries.values():
                if query.dataset == dataset and parameter in query.parameters:
                    return widget
        return None


def read_definition(path: Path) -> Definition:
    """Read a file.

    Raises:
        DefinitionError: it is absent, no JSON, or holds what is not understood here.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DefinitionError(f"no {path}: run `genie-dashboard build` first") from None
    except json.JSONDecodeError as error:
        raise DefinitionError(f"{path} is no JSON: {error}") from None
    try:
        return _definition(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(f"{path} is no dashboard: {error!r} is missing") from None


def parse_expression(text: str) -> Expression:
    """Return what an expression means.

    Raises:
        DefinitionError: it is none of those that the dashboard uses.
    """
    for pattern in (_COLUMN, _TRUNCATED, _AGGREGATE):
        match = pattern.fullmatch(text)
        if match:
            parts = match.groupdict()
            function = "DISTINCT" if parts.get("distinct") else parts.get("function") or ""
            return Expression(
                parts["column"], function, parts.get("unit") or "", parts.get("quantile") or ""
            )
    raise DefinitionError(f"the expression {text!r} is none that can be computed here")


def _definition(found: Json) -> Definition:
    datasets = [_dataset(one) for one in found["datasets"]]
    pages = tuple(
        Page(
            name=page["name"],
            title=page["displayName"],
            is_global=page.get("pageType") == "PAGE_TYPE_GLOBAL_FILTERS",
            widgets=tuple(_widget(one) for one in page["layout"]),
        )
        for page in found["pages"]
    )
    colors = tuple(found["uiSettings"]["theme"]["visualizationColors"])
    return Definition({one.name: one for one in datasets}, pages, colors)


def _dataset(found: Json) -> Dataset:
    text = "".join(found["queryLines"])
    try:
        query = sqlglot.parse_one(text, dialect="databricks")
    except sqlglot.errors.ParseError:
        query = None
    tables = list(query.find_all(exp.Table)) if query else []
    if not isinstance(query, exp.Select) or len(tables) != 1:
        raise DefinitionError(f"dataset {found['name']} is no select from one table")
    defaults = {
        one["keyword"]: str(one["defaultSelection"]["values"]["values"][0]["value"])
        for one in found.get("parameters", [])
    }
    return Dataset(found["name"], query, tables[0].name, tuple(query.named_selects), defaults)


def _widget(item: Json) -> Widget:
    widget = item["widget"]
    spec = widget.get("spec", {})
    frame = spec.get("frame", {})
    return Widget(
        name=widget["name"],
        kind=spec.get("widgetType", "text"),
        title=frame.get("title", ""),
        description=frame.get("description", ""),
        queries={one["name"]: _query(one["query"]) for one in widget.get("queries", [])},
        encodings=spec.get("encodings", {}),
        lines=tuple(widget.get("multilineTextboxSpec", {}).get("lines", [])),
        position=item["position"],
        spec=spec,
    )


def _query(found: Json) -> Query:
    return Query(
        dataset=found["datasetName"],
        fields={
            one["name"]: parse_expression(one["expression"]) for one in found.get("fields", [])
        },
        parameters=tuple(one["keyword"] for one in found.get("parameters", [])),
        is_disaggregated=bool(found.get("disaggregated")),
    )
