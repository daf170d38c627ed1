"""The pages, in the order of their tabs; a page is a module with its PAGE."""

from __future__ import annotations

from dashboards.pages import (
    adoption,
    benchmarks,
    changes,
    costs,
    executive,
    filters,
    observability,
    prompts,
    quality,
    questions,
    spaces,
    usage,
)

PAGES = (
    filters.PAGE,
    executive.PAGE,
    usage.PAGE,
    quality.PAGE,
    prompts.PAGE,
    observability.PAGE,
    adoption.PAGE,
    spaces.PAGE,
    changes.PAGE,
    questions.PAGE,
    benchmarks.PAGE,
    costs.PAGE,
)
