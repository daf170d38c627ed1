"""Puts the parts together to the text of a `.lvdash.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboards.datasets import DATASETS
from dashboards.pages import PAGES
from dashboards.parts import Json, Page

_THEME = {
    "canvasBackgroundColor": {"light": "#F5F7FA", "dark": "#14181D"},
    "widgetBackgroundColor": {"light": "#FFFFFF", "dark": "#1D232A"},
    "widgetBorderColor": {"light": "#D5DCE4", "dark": "#36404B"},
    "fontColor": {"light": "#1F2933", "dark": "#E4E9EE"},
    "selectionColor": {"light": "#1F6FB2", "dark": "#6CB2EB"},
    "visualizationColors": [
        *("#1F77B4", "#E07B39", "#2A9D6F", "#C44E52", "#8172B3"),
        *("#937860", "#D27DB5", "#7F8C8D", "#B5A642", "#3BA7B8"),
    ],
    "widgetHeaderAlignment": "LEFT",
}


def build() -> Json:
    """Return the dashboard."""
    return {
        "datasets": [dataset.as_json() for dataset in DATASETS],
        "pages": [_page(page) for page in PAGES],
        "uiSettings": {
            "theme": _THEME,
            "genieSpace": {"isEnabled": False, "enablementMode": "ENABLEMENT_MODE_UNSPECIFIED"},
            "applyModeEnabled": False,
        },
    }


def build_text() -> str:
    """Return the text of the file."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


def _page(page: Page) -> Json:
    kind = "PAGE_TYPE_GLOBAL_FILTERS" if page.is_global else "PAGE_TYPE_CANVAS"
    return {
        "name": page.name,
        "displayName": page.title,
        "pageType": kind,
        "layout": list(_layout(page)),
    }


def _layout(page: Page) -> Iterator[Json]:
    top = 0
    for row in page.rows:
        left = 0
        for widget in row.widgets:
            position = {"x": left, "y": top, "width": widget.width, "height": row.height}
            yield {"widget": widget.as_json(page.name), "position": position}
            left += widget.width
        top += row.height
