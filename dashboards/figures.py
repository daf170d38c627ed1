"""Computes what widgets show, for whatever people may choose.

What adds up (sums, counts, extremes, means as sum and count) is read once, apart by every value of
the filters; the page puts together what is chosen. What does not (distinct counts, quantiles) is
read for all and for each single value of every filter; the page says so when more are chosen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dashboards.choices import Choice, Choices
from dashboards.definition import Dataset, Definition, Expression, Page, Widget
from dashboards.errors import DefinitionError
from warehouse import Transaction

Json = dict[str, Any]
Chosen = Sequence[tuple[Choice, str]]

ALL = -1
MOST_ROWS = 500
MOST_CHARACTERS = 150_000
_LONG = 5_000

# what the page does with the parts of a figure, and the parts
_ADDED = {
    "SUM": ("sum", ("sum",)),
    "COUNT": ("sum", ("count",)),
    "MIN": ("min", ("min",)),
    "MAX": ("max", ("max",)),
    "AVG": ("mean", ("sum", "count")),
}


class Figures:
    """Reads the figures of a dashboard's widgets from a warehouse."""

    def __init__(self, definition: Definition, warehouse: Transaction, engine: str) -> None:
        self._definition = definition
        self._warehouse = warehouse
        self._engine = engine
        self._counted: dict[str, list[Json]] = {}
        self.choices = Choices(definition, warehouse, engine)

    def of(self, page: Page, widget: Widget) -> Json:
        """Return fields and rows of a widget.

        Raises:
            DefinitionError: a table of a dataset with parameters.
            WarehouseError: the warehouse cannot be read.
        """
        (query,) = widget.queries.values()
        dataset = self._definition.datasets[query.dataset]
        filters = self.choices.on(page, dataset.name)
        if query.is_disaggregated:
            return self._table(widget, dataset, filters)
        chosen = [*self.choices.parameters(page, dataset), *filters]
        return self._chart(dataset, query.fields, chosen)

    def _chart(self, dataset: Dataset, fields: Mapping[str, Expression], chosen: Chosen) -> Json:
        adds_up = all(not one.is_aggregate or one.function in _ADDED for one in fields.values())
        columns: list[str] = []
        shown: list[Json] = []
        for number, one in enumerate(fields.values()):
            if not one.is_aggregate:
                shown.append({"how": "group", "at": [len(columns)]})
                columns.append(f"v{number}")
            elif adds_up:
                how, parts = _ADDED[one.function]
                shown.append({"how": how, "at": [len(columns) + i for i in range(len(parts))]})
                columns += [f"{part}(v{number})" for part in parts]
            else:
                shown.append({"how": "one", "at": [len(columns)]})
                columns.append(_alone(one.function, f"v{number}", one.quantile))
            shown[number]["none"] = 0 if one.function in {"COUNT", "DISTINCT"} else None
        sql = self._grouped(dataset, fields, chosen, columns, adds_up=adds_up)
        rows = self._warehouse.read(sql).to_pylist()
        return {
            "filters": [self.choices.index(one) for one, _ in chosen],
            "addsUp": adds_up,
            "fields": shown,
            "rows": [
                _codes(row, chosen, adds_up=adds_up)
                + [json_value(row[f"c{number}"]) for number in range(len(columns))]
                for row in rows
            ],
        }

    def _grouped(
        self,
        dataset: Dataset,
        fields: Mapping[str, Expression],
        chosen: Chosen,
        columns: Sequence[str],
        *,
        adds_up: bool,
    ) -> str:
        """Return SQL with columns f0… of choices, a0… whether each is for all, c0… of figures."""
        values = [f"{_value(one)} as v{number}" for number, one in enumerate(fields.values())]
        values += [f"{column} as f{number}" for number, (_, column) in enumerate(chosen)]
        groups = [f"v{number}" for number, one in enumerate(fields.values()) if not one.function]
        codes = [f"f{number}" for number in range(len(chosen))]
        picked = [*codes, *(f"{column} as c{number}" for number, column in enumerate(columns))]
        if adds_up:
            sets = [tuple(codes)]
        else:
            picked += [f"grouping({code}) as a{number}" for number, code in enumerate(codes)]
            sets = list(_subsets(codes, [one.is_parameter for one, _ in chosen]))
        grouped = ", ".join(f"({', '.join((*kept, *groups))})" for kept in sets)
        return (
            f"select {', '.join(picked)} from (select {', '.join(values)}"  # noqa: S608 - checked names
            f" from ({dataset.sql_for_all(self._engine)}) as listed) as valued"
            f" group by grouping sets ({grouped})"
        )

    def _table(self, widget: Widget, dataset: Dataset, filters: Chosen) -> Json:
        if dataset.parameters:
            raise DefinitionError(f"{widget.name}: a table takes no dataset with parameters")
        listed = dataset.sql(self._engine, {}, ordered=True)
        names = [one["fieldName"] for one in widget.encodings["columns"]]
        read = self._warehouse.read(f"{listed} limit {MOST_ROWS}").to_pylist()
        rows = [
            [one.code(row[column]) for one, column in filters]
            + [json_value(row[name]) for name in names]
            for row in read
        ]
        return {
            "filters": [self.choices.index(one) for one, _ in filters],
            "rows": list(_within(rows)),
            "totals": self._totals(dataset, filters),
        }

    def _totals(self, dataset: Dataset, filters: Chosen) -> list[list[int]]:
        """Return how many rows a dataset has, apart by every value of its filters."""
        codes = [column for _, column in filters]
        inner = dataset.sql_for_all(self._engine, codes or dataset.columns[:1])
        grouped = f" group by {', '.join(codes)}" if codes else ""
        query = (
            f"select {', '.join([*codes, 'count(*) as row_count'])}"  # noqa: S608 - checked names
            f" from ({inner}) as listed{grouped}"
        )
        if query not in self._counted:
            self._counted[query] = self._warehouse.read(query).to_pylist()
        return [
            [*(one.code(row[column]) for one, column in filters), row["row_count"]]
            for row in self._counted[query]
        ]


def json_value(value: Any) -> Any:
    """Return a value of a database as JSON has it; times as text, to the second."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN is not itself
        return None
    if isinstance(value, float) and value.is_integer():  # engines sum integers to several types
        return int(value)
    return value


def _value(one: Expression) -> str:
    if one.unit:
        return f"cast(date_trunc('{one.unit.lower()}', {one.column}) as date)"
    return one.column


def _alone(function: str, column: str, quantile: str) -> str:
    """Return SQL of a figure that does not add up, or beside one that does not."""
    if function == "DISTINCT":
        return f"count(distinct {column})"
    if function == "PERCENTILE":
        return f"percentile_cont({quantile}) within group (order by {column})"
    return f"{function.lower()}({column})"


def _subsets(codes: Sequence[str], always: Sequence[bool]) -> Iterator[tuple[str, ...]]:
    """Yield every choice of which filters have one value; a parameter always has."""
    for kept in itertools.product((True, False), repeat=len(codes)):
        if all(keep or not must for keep, must in zip(kept, always, strict=True)):
            yield tuple(code for code, keep in zip(codes, kept, strict=True) if keep)


def _codes(row: Mapping[str, Any], chosen: Chosen, *, adds_up: bool) -> list[int]:
    return [
        ALL if not adds_up and row[f"a{number}"] else one.code(row[f"f{number}"])
        for number, (one, _) in enumerate(chosen)
    ]


def _within(rows: Sequence[list[Any]]) -> Iterator[list[Any]]:
    """Yield rows from the first on until their texts take too much; the first in any case.

    A long one counts as `_LONG`, lest one statement leaves no room for others, up to a limit.
    """
    counted = whole = 0
    for number, row in enumerate(rows):
        size = sum(len(str(value)) for value in row)
        counted += min(size, _LONG)
        whole += size
        if number and (counted > MOST_CHARACTERS or whole > 2 * MOST_CHARACTERS):
            return
        yield row
