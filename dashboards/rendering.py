"""Renders the dashboard from a warehouse to one page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import sqlglot

from dashboards.definition import Definition, Page, Widget
from dashboards.errors import DashboardError
from dashboards.figures import Figures
from warehouse import Warehouse

Json = dict[str, Any]

# longer statements are shown as they are: formatting takes time, and nobody reads them by lines
_FORMATTED = 10_000
_PLACE = re.compile(r"\{\{ (\w+) \}\}")
_VEGA = "window.vegaEmbed = vegaEmbed;"


def render(definition: Definition, warehouse: Warehouse, engine: str) -> str:
    """Return the page.

    Args:
        definition: The dashboard.
        warehouse: Where its marts are.
        engine: Whose SQL to speak: duckdb, postgres or databricks.

    Raises:
        DefinitionError: a widget shows what cannot be drawn here.
        DashboardError: Vega-Lite is not installed.
        WarehouseError: the warehouse cannot be read.
    """
    # one transaction: the database is opened once, not for every figure
    with warehouse.transaction() as transaction:
        figures = Figures(definition, transaction, engine)
        pages = [_tab(figures, page) for page in definition.pages if not page.is_global]
    data = {
        "title": "Genie Observability",
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "colors": definition.colors,
        "filters": [one.as_json() for one in figures.choices.all],
        "pages": pages,
    }
    return _page(data)


def _tab(figures: Figures, page: Page) -> Json:
    widgets = [_widget(figures, page, one) for one in page.widgets]
    return {"name": page.name, "title": page.title, "widgets": widgets}


def _widget(figures: Figures, page: Page, widget: Widget) -> Json:
    found: Json = {
        "name": widget.name,
        "kind": widget.kind,
        "title": widget.title,
        "description": widget.description,
        "position": widget.position,
    }
    if widget.kind == "text":
        return found | {"lines": widget.lines}
    if widget.is_filter:
        (index,) = (n for n, one in enumerate(figures.choices.all) if one.widget is widget)
        return found | {"filter": index}
    data = figures.of(page, widget)
    if widget.kind == "table":
        columns = [_column(one) for one in widget.encodings["columns"]]
        for row in data["rows"]:
            for number, column in enumerate(columns, len(data["filters"])):
                if column["kind"] == "sql" and isinstance(row[number], str):
                    row[number] = formatted(row[number])
        return found | data | {"columns": columns}
    (query,) = widget.queries.values()
    names = list(query.fields)
    for role, encoding in widget.encodings.items():
        field = data["fields"][names.index(encoding["fieldName"])]
        field |= {
            "role": role,
            "title": encoding["displayName"],
            "scale": encoding.get("scale", {}).get("type", "quantitative"),
            "format": encoding.get("format"),
        }
    return found | data


def _column(encoding: Json) -> Json:
    kinds = {"0.0%": "percent", "0,0.0000": "cost"}
    kind = kinds.get(encoding.get("numberFormat", ""), encoding["type"])
    if encoding["fieldName"].endswith("_sql"):
        kind = "sql"
    return {"title": encoding["title"], "kind": kind}


@functools.lru_cache(maxsize=4096)
def formatted(sql: str) -> str:
    """Return a statement in lines; one that cannot be parsed, or is very long, as it is."""
    if len(sql) > _FORMATTED:
        return sql
    try:
        lines = sqlglot.transpile(sql, read="databricks", write="databricks", pretty=True)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return sql
    return ";\n\n".join(lines)


def _vega() -> str:
    """Return Vega-Lite as one script."""
    try:
        import vl_convert
    except ImportError:
        raise DashboardError(
            "a page needs vl-convert-python: pip install 'genie-observability[dashboard]'"
        ) from None
    return str(vl_convert.javascript_bundle(_VEGA)).replace("</script", "<\\/script")


def _page(data: Json) -> str:
    folder = files("dashboards") / "web"
    template, style, script = (
        (folder / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", "page.js")
    )
    vega = _vega()
    # `<` cannot be there: no text of a user's ends the element that holds it
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    parts = {
        "title": data["title"],
        "style": style,
        "hashes": " ".join(f"'sha256-{_digest(one)}'" for one in (vega, script)),
        "data": text.replace("<", "\\u003c"),
        "vega": vega,
        "script": script,
    }
    # in one pass: what is put in may look like a place to put something in
    return _PLACE.sub(lambda place: parts[place[1]], template)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
