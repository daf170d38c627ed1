"""The parts that pages are made of: datasets, fields, widgets, rows.

Each part turns into what a `.lvdash.json` holds for it. Types and versions of widgets are those
that exports of AI/BI dashboards hold; the grid has 6 columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Json = dict[str, Any]

COLUMNS = 6
QUERY = "main_query"
VERSIONS = {"counter": 2, "bar": 3, "line": 3, "area": 3, "pie": 3, "table": 1}
FILTER_VERSION = 2

PERCENT: Json = {"type": "number-percent", "decimalPlaces": {"type": "max", "places": 1}}
SECONDS: Json = {"type": "number-plain", "decimalPlaces": {"type": "max", "places": 1}}
# all of the milliseconds that phases are measured in
EXACT_SECONDS: Json = {"type": "number-plain", "decimalPlaces": {"type": "max", "places": 3}}
# of sums; what a single answer costs is shown in tables, to a hundredth of a cent
COST: Json = {"type": "number-plain", "decimalPlaces": {"type": "max", "places": 2}}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A plain select from one gold mart.

    Attributes:
        name: What widgets call it.
        title: What people see in the editor.
        mart: Table or view of gold.
        columns: What is selected: columns, or `expression as column`.
        where: What the rows have in common, without parameters.
        order: What the rows are ordered by, for tables.
        empty: Why it may have no rows: a sentence that begins with Empty, for widgets without one.
        parameter: Column that the parameter of the same name is compared with, if any.
        default: The value of the parameter at first.
    """

    name: str
    title: str
    mart: str
    columns: tuple[str, ...]
    where: str = ""
    order: str = ""
    empty: str = ""
    parameter: str = ""
    default: str = ""

    def as_json(self) -> Json:
        """Return what the file holds; lines are put together as they are."""
        lines = ["select\n", *(f"  {column},\n" for column in self.columns[:-1])]
        lines += [f"  {self.columns[-1]}\n", f"from {self.mart}\n"]
        conditions = [self.where] if self.where else []
        if self.parameter:
            conditions.append(f"{self.parameter} = :{self.parameter}")
        if conditions:
            lines.append(f"where {' and '.join(conditions)}\n")
        if self.order:
            lines.append(f"order by {self.order}\n")
        found: Json = {"name": self.name, "displayName": self.title, "queryLines": lines}
        if self.parameter:
            value = {"dataType": "STRING", "values": [{"value": self.default}]}
            found["parameters"] = [
                {
                    "displayName": self.parameter,
                    "keyword": self.parameter,
                    "dataType": "STRING",
                    "defaultSelection": {"values": value},
                }
            ]
        return found

    @property
    def output(self) -> tuple[str, ...]:
        """Names of the columns that it has."""
        return tuple(column.rpartition(" as ")[2] for column in self.columns)


@dataclass(frozen=True, slots=True)
class Field:
    """A column or an aggregate of a dataset, with how it is shown.

    Attributes:
        name: Unique in its query.
        expression: What AI/BI computes.
        title: What people read, with the unit.
        scale: categorical, quantitative or temporal.
        number: Format of a number, if not the plain one.
    """

    name: str
    expression: str
    title: str
    scale: str = "quantitative"
    number: Json | None = None

    @property
    def query(self) -> Json:
        """Return it as a query has it."""
        return {"name": self.name, "expression": self.expression}

    @property
    def encoding(self) -> Json:
        """Return it as an axis or a colour has it."""
        shown: Json = {"fieldName": self.name, "displayName": self.title}
        return shown | {"scale": {"type": self.scale}} | self._format

    @property
    def _format(self) -> Json:
        return {"format": self.number} if self.number else {}


def category(column: str, title: str) -> Field:
    """Return a column as names of groups."""
    return Field(column, f"`{column}`", title, "categorical")


def by_day(column: str, title: str = "Day (UTC)") -> Field:
    """Return a column of dates by day."""
    return Field(f"daily({column})", f'DATE_TRUNC("DAY", `{column}`)', title, "temporal")


def by_week(column: str, title: str = "Week from (UTC)") -> Field:
    """Return a column of dates by week; a week begins on Monday."""
    return Field(f"weekly({column})", f'DATE_TRUNC("WEEK", `{column}`)', title, "temporal")


def at(column: str, title: str) -> Field:
    """Return a column of times as it is."""
    return Field(column, f"`{column}`", title, "temporal")


def count(column: str, title: str) -> Field:
    """Return how many rows have a value in a column."""
    return Field(f"count({column})", f"COUNT(`{column}`)", title)


def distinct(column: str, title: str) -> Field:
    """Return how many different values a column has; it does not add up."""
    return Field(f"countdistinct({column})", f"COUNT(DISTINCT `{column}`)", title)


def total(column: str, title: str, number: Json | None = None) -> Field:
    """Return the sum of a column."""
    return Field(f"sum({column})", f"SUM(`{column}`)", title, number=number)


def cost(column: str, title: str) -> Field:
    """Return the sum of a column of costs; null where none is known, never 0 instead."""
    return total(column, title, COST)


def latest(column: str, title: str) -> Field:
    """Return the greatest value of a column."""
    return Field(f"max({column})", f"MAX(`{column}`)", title)


def share(column: str, title: str) -> Field:
    """Return the mean of a column of ratios, as percent."""
    return Field(f"avg({column})", f"AVG(`{column}`)", title, number=PERCENT)


def seconds(column: str, quantile: float, title: str) -> Field:
    """Return a quantile of a column of seconds; it does not add up."""
    expression = f"PERCENTILE(`{column}`, {quantile})"
    return Field(f"p{quantile * 100:.0f}({column})", expression, title, number=SECONDS)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Of the dataset's column.
        title: What people read, with the unit.
        kind: string, integer, float, percent, cost, datetime, date or boolean.
    """

    name: str
    title: str
    kind: str = "string"

    def encoding(self, order: int) -> Json:
        """Return it as a table has it."""
        formats = {"integer": "0,0", "float": "0,0.0", "percent": "0.0%", "cost": "0,0.0000"}
        shown = dict.fromkeys(formats, "number") | {"date": "datetime"}
        found = {
            "fieldName": self.name,
            "title": self.title,
            "type": "float" if self.kind in {"percent", "cost"} else self.kind,
            "displayAs": shown.get(self.kind, self.kind),
            "visible": True,
            "order": order,
        }
        if self.kind in formats:
            found["numberFormat"] = formats[self.kind]
        return found


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget: its query and its drawing, and how much of a row it takes.

    Attributes:
        title: Unique on its page.
        body: `queries` and `spec`, or the text.
        width: Columns of the grid.
    """

    title: str
    body: Json
    width: int = 0

    def wide(self, width: int) -> Widget:
        """Return it with a width of its own; others share the rest of the row."""
        return replace(self, width=width)

    def as_json(self, page: str) -> Json:
        """Return what the file holds, by a name that is unique in it."""
        return {"name": f"{page}-{slug(self.title)}", **self.body}


@dataclass(frozen=True, slots=True)
class Row:
    """Widgets beside each other that fill the grid's width."""

    height: int
    widgets: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: rows from top to bottom."""

    name: str
    title: str
    rows: tuple[Row, ...]
    is_global: bool = False


def row(height: int, *widgets: Widget) -> Row:
    """Return widgets in a row; those without a width share what the others leave."""
    open_ones = sum(not widget.width for widget in widgets)
    left = COLUMNS - sum(widget.width for widget in widgets)
    each = left // open_ones if open_ones else 0
    return Row(height, tuple(one if one.width else one.wide(each) for one in widgets))


def slug(text: str) -> str:
    """Return a text as a part of a name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def text(title: str, *lines: str) -> Widget:
    """Return a text in Markdown, under a heading."""
    return Widget(
        title, {"multilineTextboxSpec": {"lines": [f"## {title}\n", *(f"{x}\n" for x in lines)]}}
    )


def counter(title: str, dataset: Dataset, value: Field, why: str = "") -> Widget:
    """Return one number."""
    encodings = {"value": {key: kept for key, kept in value.encoding.items() if key != "scale"}}
    return _drawn("counter", title, dataset, [value], encodings, why)


def line(
    title: str, dataset: Dataset, x: Field, y: Field, color: Field | None = None, why: str = ""
) -> Widget:
    """Return a line chart."""
    return _chart("line", title, dataset, x, y, color, why)


def area(
    title: str, dataset: Dataset, x: Field, y: Field, color: Field | None = None, why: str = ""
) -> Widget:
    """Return an area chart, stacked by colour."""
    return _chart("area", title, dataset, x, y, color, why)


def bar(
    title: str, dataset: Dataset, x: Field, y: Field, color: Field | None = None, why: str = ""
) -> Widget:
    """Return a bar chart; it lies where x is the number."""
    return _chart("bar", title, dataset, x, y, color, why)


def pie(title: str, dataset: Dataset, angle: Field, color: Field, why: str = "") -> Widget:
    """Return a pie chart."""
    encodings = {"angle": angle.encoding, "color": color.encoding}
    return _drawn("pie", title, dataset, [angle, color], encodings, why)


def table(title: str, dataset: Dataset, *columns: Column, why: str = "") -> Widget:
    """Return rows of a dataset, in its order."""
    fields = [Field(one.name, f"`{one.name}`", one.title) for one in columns]
    listed = [one.encoding(order) for order, one in enumerate(columns)]
    widget = _drawn("table", title, dataset, fields, {"columns": listed}, why)
    widget.body["queries"][0]["query"]["disaggregated"] = True
    widget.body["spec"] |= {"itemsPerPage": 25, "allowHTMLByDefault": False}
    return widget


def choose_many(title: str, column: str, datasets: Sequence[Dataset]) -> Widget:
    """Return a filter of any number of values of a column, on all these datasets."""
    return _filter("filter-multi-select", title, [(one, column) for one in datasets])


def choose_one(title: str, column: str, datasets: Sequence[Dataset]) -> Widget:
    """Return a filter of one value of a column, or all, on all these datasets."""
    return _filter("filter-single-select", title, [(one, column) for one in datasets])


def choose_parameter(title: str, values: Dataset, datasets: Sequence[Dataset]) -> Widget:
    """Return a choice for the parameter of these datasets, out of the column of its name."""
    (parameter,) = {one.parameter for one in datasets}
    widget = _filter("filter-single-select", title, [(values, parameter)])
    for one in datasets:
        name = f"parameter_{one.name}_{parameter}"
        given = [{"name": parameter, "keyword": parameter}]
        query = {"datasetName": one.name, "parameters": given, "disaggregated": False}
        widget.body["queries"].append({"name": name, "query": query})
        encoded = {"parameterName": parameter, "queryName": name}
        widget.body["spec"]["encodings"]["fields"].append(encoded)
    (default,) = {one.default for one in datasets}
    chosen = {"values": {"dataType": "STRING", "values": [{"value": default}]}}
    widget.body["spec"]["selection"] = {"defaultSelection": chosen}
    return widget


def _filter(kind: str, title: str, targets: Sequence[tuple[Dataset, str]]) -> Widget:
    queries, fields = [], []
    for dataset, column in targets:
        name = f"filter_{dataset.name}_{column}"
        field = {"name": column, "expression": f"`{column}`"}
        query = {"datasetName": dataset.name, "fields": [field], "disaggregated": False}
        queries.append({"name": name, "query": query})
        fields.append({"fieldName": column, "displayName": title, "queryName": name})
    spec = {
        "version": FILTER_VERSION,
        "widgetType": kind,
        "encodings": {"fields": fields},
        "frame": {"showTitle": True, "title": title},
    }
    return Widget(title, {"queries": queries, "spec": spec})


def _chart(  # noqa: PLR0917 - a chart has so many parts
    kind: str,
    title: str,
    dataset: Dataset,
    x: Field,
    y: Field,
    color: Field | None,
    why: str,
) -> Widget:
    encodings = {"x": x.encoding, "y": y.encoding}
    fields = [x, y]
    if color:
        encodings["color"] = color.encoding
        fields.append(color)
    return _drawn(kind, title, dataset, fields, encodings, why)


def _drawn(
    kind: str, title: str, dataset: Dataset, fields: Sequence[Field], encodings: Json, why: str
) -> Widget:
    frame: Json = {"showTitle": True, "title": title}
    if kind != "counter" and "Empty" not in why:
        why = f"{why} {dataset.empty}".strip()
    if why:
        frame |= {"showDescription": True, "description": why}
    query = {
        "datasetName": dataset.name,
        "fields": [field.query for field in fields],
        "disaggregated": False,
    }
    spec = {
        "version": VERSIONS[kind],
        "widgetType": kind,
        "encodings": encodings,
        "frame": frame,
    }
    return Widget(title, {"queries": [{"name": QUERY, "query": query}], "spec": spec})
