"""Filters: what goes for every page."""

from dashboards.datasets import FILTERED
from dashboards.parts import Page, choose_many, row

PAGE = Page(
    "filters",
    "Filters",
    (row(1, choose_many("Workspace", "workspace", FILTERED)),),
    is_global=True,
)
