"""AI/BI dashboards that a workspace holds while it is served."""

import threading
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """A dashboard, and what readers see of it."""

    dashboard_id: str
    display_name: str
    parent_path: str
    warehouse_id: str
    serialized_dashboard: str
    created_ms: int
    updated_ms: int
    version: int = 1
    published: Json | None = None


class Dashboards:
    """The dashboards of a workspace; safe for threads."""

    def __init__(self) -> None:
        self.by_id: dict[str, Draft] = {}
        self.lock = threading.Lock()
