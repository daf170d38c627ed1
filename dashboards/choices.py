"""What people can choose on the page: filters with their values, and where each goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dashboards.definition import Dataset, Definition, Page, Widget
from warehouse import Transaction

Json = dict[str, Any]


@dataclass(slots=True)
class Choice:
    """A filter.

    Attributes:
        widget: As the dashboard has it.
        page: Its page; None if it goes for all.
        values: To choose from; None stands for rows without a value.
        default: The value at first, of a parameter.
    """

    widget: Widget
    page: Page | None
    values: list[str | None] = field(default_factory=list)
    default: str | None = None

    @property
    def is_parameter(self) -> bool:
        """Whether it sets a parameter: one value is always chosen."""
        return self.default is not None

    def code(self, value: str | None) -> int:
        """Return the number of a value; one that came since the values were read gets a new."""
        if value not in self.values:
            self.values.append(value)
        return self.values.index(value)

    def as_json(self) -> Json:
        """Return what the page gets."""
        kind = "one" if self.widget.kind == "filter-single-select" else "many"
        return {
            "title": self.widget.title,
            "kind": "parameter" if self.is_parameter else kind,
            "page": self.page.name if self.page else None,
            "values": self.values,
            "start": self.values.index(self.default) if self.is_parameter else None,
        }


class Choices:
    """The filters of a dashboard."""

    def __init__(self, definition: Definition, warehouse: Transaction, engine: str) -> None:
        """Read the values of all filters."""
        self._definition = definition
        self._warehouse = warehouse
        self._engine = engine
        self._read: dict[str, list[str | None]] = {}
        self.all = [self._choice(page, widget) for page, widget in self._filters()]

    def on(self, page: Page, dataset: str) -> list[tuple[Choice, str]]:
        """Return the filters that go for a dataset on a page, each with its column."""
        columns = {
            widget.name: column for widget, column in self._definition.filters_on(page, dataset)
        }
        return [
            (one, columns[one.widget.name])
            for one in self.all
            if one.widget.name in columns and not one.is_parameter
        ]

    def parameters(self, page: Page, dataset: Dataset) -> list[tuple[Choice, str]]:
        """Return the filters that set a dataset's parameters on a page, each with its name."""
        found = []
        for parameter in dataset.parameters:
            widget = self._definition.filter_of_parameter(page, dataset.name, parameter)
            found += [(one, parameter) for one in self.all if one.widget is widget]
        return found

    def index(self, choice: Choice) -> int:
        """Return the place of a filter in `all`."""
        return self.all.index(choice)

    def _filters(self) -> Iterator[tuple[Page, Widget]]:
        for page in self._definition.pages:
            for widget in page.widgets:
                if widget.is_filter:
                    yield page, widget

    def _choice(self, page: Page, widget: Widget) -> Choice:
        choice = Choice(widget, None if page.is_global else page, default=self._default(widget))
        values = [
            value
            for query in widget.queries.values()
            for column in query.fields
            for value in self._values(
                self._definition.datasets[query.dataset], column, in_order=choice.is_parameter
            )
        ]
        choice.values = list(dict.fromkeys(values))
        if not choice.is_parameter:
            choice.values.sort(key=lambda value: (value is None, value or ""))
        return choice

    def _default(self, widget: Widget) -> str | None:
        datasets = self._definition.datasets
        for query in widget.queries.values():
            for parameter in query.parameters:
                return datasets[query.dataset].parameters[parameter]
        return None

    def _values(self, dataset: Dataset, column: str, *, in_order: bool) -> list[str | None]:
        if in_order:
            query = dataset.sql(self._engine, {}, ordered=True)
        else:
            inner = dataset.sql_for_all(self._engine, [column])
            query = f"select distinct {column} from ({inner}) as listed"  # noqa: S608 - a column
        if query not in self._read:
            self._read[query] = self._warehouse.read(query)[column].to_pylist()
        return self._read[query]
