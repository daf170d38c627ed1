"""The tour that `make demo` gives: serve, ingest, build, and say what the marts know."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess  # packages do not import each other, and dbt wants a process of its own
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from demo.files import write_system_tables
from demo.history import History, HistoryOptions, build_history
from demo.ledger_loading import load_ledger
from demo.ledger_options import LedgerOptions
from demo.server import SimulatedWorkspaces
from demo.space_loading import load_space_history
from warehouse import Warehouse

Say = Callable[[str], None]

_DONE, _DONE_IN_PART = 0, 2
_LAST_LINES = 15
_LEDGER_TRANSACTIONS = 2_000
_WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")  # those are for development
_WORK_LISTS = [
    *("+genie_messages_to_fetch", "+genie_spaces_to_fetch"),
    *("+genie_comments_to_fetch", "+genie_eval_runs"),
]


class TourError(Exception):
    """A step failed; the text ends with the last lines that its program printed."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What `genie-ingest` said of a run."""

    rows: int = 0
    failed: int = 0
    api_calls: int = 0

    def __add__(self, other: Ingested) -> Ingested:
        """Add up two runs."""
        return Ingested(
            self.rows + other.rows, self.failed + other.failed, self.api_calls + other.api_calls
        )


@dataclass(frozen=True, slots=True)
class Programs:
    """Runs genie-ingest and dbt against one target.

    Attributes:
        target: Output of profiles.yml.
        environment: Environment of the programs.
        observer: Application id that reads for us, so that its calls are not counted as usage.
    """

    target: str
    environment: Mapping[str, str]
    observer: str

    def ingest(self, *arguments: str) -> Ingested:
        """Run a genie-ingest command and return the counts of its last line."""
        output = self._run(
            [
                *(sys.executable, "-m", "ingest"),
                *arguments,
                *("--target", self.target, "--log-format", "json"),
            ],
            accepted=(_DONE, _DONE_IN_PART),
        )
        last = json.loads(output.splitlines()[-1])
        return Ingested(last.get("rows", 0), last.get("failed", 0), last.get("api_calls", 0))

    def dbt(self, *arguments: str) -> str:
        """Run dbt and return its closing count."""
        # --vars must be equal in every call, or dbt parses the whole project again
        own = json.dumps({"genie_service_principals": [self.observer]})
        program = str(Path(sys.executable).with_name("dbt"))
        command = [program, "--no-use-colors", *arguments, "--target", self.target, "--vars", own]
        output = self._run(command, accepted=(_DONE,))
        closing = [line for line in output.splitlines() if "Done. PASS" in line]
        return closing[-1].split("Done. ", 1)[-1] if closing else ""

    def _run(self, command: list[str], *, accepted: tuple[int, ...]) -> str:
        finished = subprocess.run(  # noqa: S603 - no shell, our own programs
            command,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if finished.returncode not in accepted:
            lines = (finished.stdout + finished.stderr).splitlines()[-_LAST_LINES:]
            failed = f"exit {finished.returncode}: {' '.join(command)}"
            raise TourError("\n".join([failed, *lines]))
        return finished.stdout


def anchored(options: HistoryOptions, folder: Path) -> HistoryOptions:
    """Return options whose history is the same each time the tour is taken.

    The first tour with some options fixes when their history ends, and notes it in `folder`. The
    seed follows from options and end, so that two different tours share no identifier.
    """
    parts = [options.messages, options.workspaces, options.spaces, options.days, options.seed]
    asked = [(question.question, question.sql) for question in options.questions]
    key = hashlib.sha256(json.dumps([parts, asked]).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    anchor = folder / f"{key}.json"
    if not anchor.exists():
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        unfinished = anchor.with_suffix(".new")
        unfinished.write_text(json.dumps({"end": now.isoformat()}), encoding="utf-8")
        unfinished.rename(anchor)
    end = datetime.fromisoformat(json.loads(anchor.read_text(encoding="utf-8"))["end"])
    seed = int(hashlib.sha256(f"{key} {end.isoformat()}".encode()).hexdigest()[:12], 16)
    return replace(options, end=end, seed=seed, in_flight=0)


@dataclass(frozen=True, slots=True)
class Tour:
    """One tour: its history, where it goes, and how it speaks.

    Attributes:
        history: The simulated account.
        site: Where it is served.
        programs: What fetches and builds.
        warehouse: Where they write.
        folder: Where the system tables are written.
        say: Prints a line.
    """

    history: History
    site: SimulatedWorkspaces
    programs: Programs
    warehouse: Warehouse
    folder: Path
    say: Say

    def take(self) -> Ingested:
        """Take every step and return what was fetched of messages.

        Raises:
            TourError: a program failed.
        """
        self._step("load the system tables", self._load)
        self._step("load a ledger", self._load_ledger)
        self._step("land earlier fetches of the spaces", self._load_space_history)
        self._step("dbt: audit log to work list", self._build_work_lists)
        self._step("fetch spaces over HTTP", self._fetch_spaces)
        fetched = self._fetch_messages()
        self._step("fetch comments over HTTP", lambda: _told(self._fetch("comments"), "comments"))
        self._step("fetch benchmarks over HTTP", lambda: _told(self._fetch("evals"), "results"))
        self._step("dbt: messages to marts, with tests", self._build)
        return fetched

    def _step(self, name: str, step: Callable[[], str]) -> None:
        started = time.monotonic()
        result = step()
        self.say(f"{time.monotonic() - started:6.1f} s  {name}: {result}")

    def _load(self) -> str:
        files = write_system_tables(self.history, self.site.urls, self.folder)
        loaded = {
            table: self.programs.ingest("load-files", "--table", table, str(path)).rows
            for table, path in files.items()
        }
        new = [f"{rows} rows of {table}" for table, rows in loaded.items() if rows]
        return ", ".join(new) or "nothing new, the files were loaded before"

    def _load_ledger(self) -> str:
        """Load one that ends with the month before the history's end."""
        end = self.history.options.end.date().replace(day=1)
        seed = self.history.options.seed
        options = LedgerOptions(end=end, transactions=_LEDGER_TRANSACTIONS, seed=seed)
        appended = load_ledger(self.warehouse, options)
        if appended is None:
            return "nothing new, it was loaded before"
        return ", ".join(f"{rows} rows of {table}" for table, rows in appended.items())

    def _load_space_history(self) -> str:
        versions = load_space_history(self.warehouse, self.history)
        return "nothing new" if versions is None else f"{versions} versions"

    def _build_work_lists(self) -> str:
        return self.programs.dbt("build", *_WITHOUT_UNIT_TESTS, "--select", *_WORK_LISTS)

    def _fetch_spaces(self) -> str:
        return _told(self._fetch("spaces"), "new or changed spaces")

    def _fetch_messages(self) -> Ingested:
        fetched: list[Ingested] = []

        def fetch() -> str:
            fetched.append(self._fetch("messages"))
            return _told(fetched[0], "messages")

        self._step("fetch messages over HTTP", fetch)
        return fetched[0]

    def _fetch(self, resource: str) -> Ingested:
        """Fetch from our workspaces: other tours may have left some that nobody serves now."""
        ids = (workspace.workspace_id for workspace in self.history.workspaces)
        return sum((self.programs.ingest(resource, "--workspace", id_) for id_ in ids), Ingested())

    def _build(self) -> str:
        return self.programs.dbt("build", *_WITHOUT_UNIT_TESTS)


def take_tour(
    options: HistoryOptions,
    warehouse: Warehouse,
    *,
    target: str,
    folder: Path,
    port: int,
    environ: Mapping[str, str],
    say: Say,
) -> Ingested:
    """Serve a history, ingest it and build the marts.

    Raises:
        TourError: a program failed.
        WarehouseError: the ledger cannot be stored.
    """
    history = build_history(anchored(options, folder))
    say(
        f"a simulated account: {len(history.workspaces)} workspaces, {len(history.spaces)} spaces,"
        f" {len(history.messages)} messages up to {history.options.end:%Y-%m-%d %H:%M} UTC"
    )
    client_id, client_secret = history.observer.name, secrets.token_urlsafe(24)
    programs = Programs(target, _environment(environ, client_id, client_secret), client_id)
    with ExitStack() as stack:
        try:
            site = stack.enter_context(
                SimulatedWorkspaces(history, client_id, client_secret, port=port)
            )
        except OSError:  # a taken port: free ones do, only the addresses differ
            site = stack.enter_context(SimulatedWorkspaces(history, client_id, client_secret))
        return Tour(history, site, programs, warehouse, folder / "system_tables", say).take()


def _environment(environ: Mapping[str, str], client_id: str, client_secret: str) -> dict[str, str]:
    """Hold the credentials of the simulation only: a real one never reaches it."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("DATABRICKS_", "ARM_", "GOOGLE_"))
    }
    return (
        {"DBT_PROFILES_DIR": "profiles"}
        | kept
        | {
            "DATABRICKS_CLIENT_ID": client_id,
            "DATABRICKS_CLIENT_SECRET": client_secret,
            "PYTHONUTF8": "1",
        }
    )


def _told(run: Ingested, what: str) -> str:
    if not run.rows and not run.failed:
        return f"nothing new ({run.api_calls} API calls)"
    failed = f", {run.failed} could not be fetched" if run.failed else ""
    return f"{run.rows} {what}{failed}, {run.api_calls} API calls"
