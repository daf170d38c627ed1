"""The frame of a command that fetches: clients, a recorded run, and how it ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ingest.client import GenieClient, open_client
from ingest.console import Reporter
from ingest.errors import HostError, IngestError
from ingest.privacy import Privacy
from ingest.recording import BatchWriter, RunCounts, recorded_run
from ingest.secret_scope import ServicePrincipal, read_service_principal
from ingest.worklist import Workspace
from ingest.workspaces import OpenClient, Run
from warehouse import Warehouse
from warehouse.hosts import allowed_hosts

EXIT_DONE, EXIT_PARTIAL = 0, 2

# what a command counts while it runs, and what it has landed in the end
_TOLD = {
    "messages": ("conversations fetched", "messages fetched"),
    "spaces": ("spaces looked at", "new or changed spaces landed"),
    "conversations": ("spaces listed", "conversations listed and messages fetched"),
    "evals": ("spaces looked at", "benchmark runs and results landed"),
    "comments": ("conversations looked at", "comments fetched"),
    "system-tables": ("system tables read", "rows of system tables landed"),
    "generate-conversations": ("questions asked", "questions asked"),
}


@dataclass(frozen=True, slots=True)
class Session:
    """What every command is given; `environ` is the process's environment.

    `engine` is the adapter type of the target; `secrets_scope` is where the credentials of commands
    that fetch are, if not in the environment.
    """

    warehouse: Warehouse
    reporter: Reporter
    privacy: Privacy
    timeout_seconds: int
    environ: Mapping[str, str]
    engine: str
    secrets_scope: str | None = None


def require_landing(session: Session) -> None:
    """Refuse to land system tables where dbt reads those of the account.

    Raises:
        IngestError: the target is on Databricks.
    """
    if session.engine == "databricks":
        raise IngestError(
            "on Databricks dbt reads the system tables in place: there is nothing to land;"
            " --target duckdb or postgres takes them elsewhere"
        )


def run_service(
    session: Session,
    command_name: str,
    service: Callable[[Warehouse, OpenClient, Run], None],
    *,
    batch_rows: int = 500,
) -> int:
    """Run a service that fetches, record the run, and say how it ended."""
    stop = stop_on_signals()
    with (
        recorded_run(session.warehouse, command_name) as counts,
        session.reporter.progress(_TOLD[command_name][0]) as progress,
    ):
        principal = _service_principal(session, stop)
        writer = BatchWriter(session.warehouse, max_rows=batch_rows)
        run = Run(writer, counts, session.privacy, stop, progress.update)
        service(session.warehouse, partial(_open_client, session, stop, principal), run)
        counts.stopped = stop.is_set()
    return _finish(session, counts, _TOLD[command_name][1])


def _finish(session: Session, counts: RunCounts, what: str) -> int:
    for problem in counts.problems:
        session.reporter.warn(problem)
    if counts.failed:
        session.reporter.warn(
            f"{counts.failed} could not be fetched; `genie-ingest status` says why"
        )
    if counts.stopped:
        session.reporter.warn("stopped on request; what was fetched is kept")
    nothing = not (counts.rows or counts.failed)
    session.reporter.say(
        f"{'nothing new: ' if nothing else ''}{counts.rows} {what} in {counts.api_calls} API calls",
        rows=counts.rows,
        failed=counts.failed,
        api_calls=counts.api_calls,
        outcome=counts.outcome,
    )
    return EXIT_DONE if counts.outcome == "done" else EXIT_PARTIAL


def _service_principal(session: Session, stop: threading.Event) -> ServicePrincipal | None:
    """Read the secrets once, whatever the number of workspaces, and before any work."""
    if session.secrets_scope is None:
        return None
    return read_service_principal(
        session.secrets_scope,
        _allowed_hosts(session.environ),
        stop,
        host=session.environ.get("DATABRICKS_HOST"),
        timeout_seconds=session.timeout_seconds,
    )


def _open_client(
    session: Session,
    stop: threading.Event,
    principal: ServicePrincipal | None,
    workspace: Workspace,
) -> GenieClient:
    return open_client(
        workspace.url or _fallback_url(session),
        _allowed_hosts(session.environ),
        stop,
        timeout_seconds=session.timeout_seconds,
        principal=principal,
    )


def _fallback_url(session: Session) -> str:
    """DATABRICKS_HOST stands for a workspace without a URL only if it is the only one."""
    host = session.environ.get("DATABRICKS_HOST")
    known = session.warehouse.read(
        "select count(distinct workspace_id) as n from genie_analytics.genie_spaces_to_fetch"
    ).to_pylist()[0]["n"]
    if host and known == 1:
        return host if "://" in host else f"https://{host}"
    raise HostError(
        "has no URL: load the workspaces table" + ("" if known > 1 else ", or set DATABRICKS_HOST")
    )


def _allowed_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    return allowed_hosts(environ.get("GENIE_ALLOWED_HOSTS", ""))


def stop_on_signals() -> threading.Event:
    """Return an event: SIGTERM and SIGINT set it, to end the run after what is in flight."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
