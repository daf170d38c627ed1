"""An account whose system tables are brought by SQL on one of its warehouses."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness import CLIENT_SECRET, Project

from demo.history import HistoryOptions, build_history
from demo.ids import iso_ms, to_ms
from demo.server import SimulatedWorkspaces
from demo.statements import StatementRules
from demo.system_tables import audit_rows
from ingest.client import GenieClient, open_client
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, RunCounts, recorded_run
from ingest.secret_scope import ServicePrincipal
from ingest.system_tables import Wanted, fetch_system_tables
from ingest.worklist import Workspace
from ingest.workspaces import Run

NOW = datetime.now(UTC)
# the work list reads back from now
HISTORY = build_history(HistoryOptions(end=NOW.replace(minute=0, second=0), messages=150))
WAREHOUSE = HISTORY.spaces[0].warehouse_id
QUICK = StatementRules(slow_every=0)
RECEIVED = "* exclude (fetched_at, batch_id)"


@dataclass
class Account:
    """A project whose database is built and empty, and the account that it observes."""

    project: Project
    served: SimulatedWorkspaces
    privacy: Privacy = Privacy()  # noqa: RUF009 - it does not change

    def bring(self, *tables: str, **options: Any) -> RunCounts:
        """Run the service as its command does, without the time that a process takes to start."""
        warehouse, stop = self.project.warehouse, threading.Event()
        wanted = Wanted(next(iter(self.served.urls.values())), WAREHOUSE, tables, **options)
        principal = ServicePrincipal(HISTORY.observer.name, CLIENT_SECRET)

        def sign_in(workspace: Workspace) -> GenieClient:
            return open_client(str(workspace.url), (), stop, principal=principal)

        with recorded_run(warehouse, "system-tables") as counts:
            run = Run(BatchWriter(warehouse), counts, self.privacy, stop, lambda *_: None)
            fetch_system_tables(warehouse, sign_in, run, wanted)
        return counts

    def command(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return self.project.ingest("system-tables", *arguments, expect=expect)

    def landed(self, table: str = "audit", columns: str = RECEIVED) -> list[dict[str, Any]]:
        return self.project.query(f"select {columns} from genie_raw.{table} order by all")

    def events(self) -> list[str]:
        rows = self.project.query("select event_id from genie_raw.audit order by event_id")
        return [row["event_id"] for row in rows]

    def count(self, table: str = "audit") -> int:
        number: int = self.project.value(f"select count(*) from genie_raw.{table}")
        return number

    def texts(self) -> list[str]:
        """Return the statements that the warehouse ran since the last call."""
        found = [body["statement"] for body in self.served.statements.received]
        self.served.statements.received.clear()
        return found

    def a_day_passes(self) -> None:
        with self.project.warehouse.transaction() as transaction:
            transaction.execute(
                "update genie_raw.fetch_attempts set fetched_at = fetched_at - interval '1' day"
            )


def configured(project: Project, served: SimulatedWorkspaces) -> Account:
    served.statements.rules = QUICK
    project.sign_in(HISTORY)
    project.extra |= {
        "DATABRICKS_HOST": next(iter(served.urls.values())),
        "DATABRICKS_WAREHOUSE_ID": WAREHOUSE,
    }
    return Account(project, served)


def late_event(event_id: str, ago: timedelta) -> dict[str, Any]:
    """Return an event of Genie that the account's table does not have yet."""
    moment = iso_ms(to_ms(NOW - ago))
    of_genie = next(row for row in audit_rows(HISTORY) if row["service_name"] == "aibiGenie")
    return of_genie | {"event_id": event_id, "event_time": moment, "event_date": moment[:10]}


def start(account: Account, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ingest", "system-tables", *arguments],
        cwd=account.project.folder,
        env=account.project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(test: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.01)
