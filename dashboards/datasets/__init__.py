"""What widgets read: each dataset a plain select from one gold mart.

A new one is an entry in one of these modules; test_dashboard_build.py runs it.
"""

from __future__ import annotations

from dashboards.datasets import answers, costs, feeds, spaces, usage
from dashboards.parts import Dataset

DATASETS: tuple[Dataset, ...] = tuple(
    one
    for module in (usage, answers, feeds, spaces, costs)
    for one in vars(module).values()
    if isinstance(one, Dataset)
)
# those that the choice of workspaces goes for
FILTERED = tuple(one for one in DATASETS if "workspace" in one.output)
