"""Command line of the simulated workspace: serve it, or load its system tables."""

import os
import secrets
import signal
import subprocess  # the ingester is another package, and packages do not import each other
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.ledger_options import LedgerOptions
from demo.model import OBSERVER_APPLICATION_ID
from demo.options import history_arguments, ledger_arguments, target_option

_USAGE, _FAILED = 64, 1
_DEFAULT_PORT = 8765
_HIGHEST_PORT = 65_000
_POSTGRES_PORT = 55432
_POSTGRES_FOLDER = Path("var/postgres")


class Commands(click.Group):
    """A group that exits 64 on bad usage and 1 with one line on failure."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command and exit with its code."""
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except click.UsageError as error:
            error.show()
            code = _USAGE
        except click.ClickException as error:
            error.show()
            code = _FAILED
        except (click.Abort, KeyboardInterrupt):
            code = _FAILED
        except OSError as error:
            click.echo(f"Error: {error}", err=True)
            code = _FAILED
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=Commands)
def main() -> None:
    """Simulate a Databricks workspace with Genie spaces: REST API and system tables."""


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, _HIGHEST_PORT),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port of the first workspace, the others follow; 0 takes free ones.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=RATE]",
    help="Something that goes wrong, such as error-503=0.2; several times if need be; `all` "
    "is a bit of everything.",
)
@history_arguments
def serve(options: HistoryOptions, port: int, faults: tuple[str, ...]) -> None:
    """Serve the REST API of every workspace on 127.0.0.1 until SIGINT or SIGTERM.

    Client id and secret come from GENIE_DEMO_CLIENT_ID and GENIE_DEMO_CLIENT_SECRET; without
    them a random secret is made and shown.
    """
    from demo.server import SimulatedWorkspaces

    chosen = _faults(faults, options.seed)
    client_id, client_secret, is_made = _credentials()
    stopped = _event_of_signals()
    history = build_history(options)
    with SimulatedWorkspaces(history, client_id, client_secret, port=port, faults=chosen) as site:
        for workspace in history.workspaces:
            click.echo(f"# {workspace.name}: {site.urls[workspace.workspace_id]}")
        if is_made:
            click.echo(f"export DATABRICKS_HOST={next(iter(site.urls.values()))}")
            click.echo(f"export DATABRICKS_CLIENT_ID={client_id}")
            click.echo(f"export DATABRICKS_CLIENT_SECRET={client_secret}")
            if history.spaces:
                click.echo(f"export DATABRICKS_WAREHOUSE_ID={history.spaces[0].warehouse_id}")
        sys.stdout.flush()
        stopped.wait()


@main.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files.",
)
@click.option(
    "--port",
    type=click.IntRange(1, _HIGHEST_PORT),
    default=_DEFAULT_PORT,
    show_default=True,
    help="The --port given to `serve`; it goes into the addresses of the workspaces.",
)
@target_option
@click.option("--files-only", is_flag=True, help="Write the files and load nothing.")
@history_arguments
def load(options: HistoryOptions, out: Path, port: int, target: str, files_only: bool) -> int:
    """Write the system tables as JSON lines and load them with genie-ingest."""
    from demo.files import write_system_tables

    history = build_history(options)
    files = write_system_tables(history, workspace_urls(history, port), out)
    for table, path in files.items():
        click.echo(f"{table}: {path}")
        code = 0 if files_only else _load_file(table, path, target)
        if code:
            return code
    return 0


@main.command()
@click.option(
    "--port",
    type=click.IntRange(1, _HIGHEST_PORT),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port of the first workspace, the others follow; free ones where they are taken.",
)
@target_option
@history_arguments
def run(options: HistoryOptions, port: int, target: str) -> int:
    """Take the tour of `make demo`: serve, ingest, build, and show what the marts know.

    A second tour with the same options meets the same history: the first one fixes its end, at
    that moment, so --end has no effect here.
    """
    from demo.postgres import ServerError
    from demo.summary import summary_lines
    from demo.tour import TourError, take_tour
    from warehouse import WarehouseError, open_warehouse, read_profile

    started = time.monotonic()
    try:
        with _engine(target) as environ:
            folder = Path(environ.get("DBT_PROFILES_DIR", "profiles"))
            profile = read_profile(folder, target, environ)
            warehouse = open_warehouse(profile)
            fetched = take_tour(
                options,
                warehouse,
                target=target,
                folder=Path("var/demo"),
                port=port,
                environ=environ,
                say=click.echo,
            )
            click.echo(f"{time.monotonic() - started:6.1f} s  in all\n")
            if not fetched.rows and not fetched.failed:
                click.echo("Nothing new: every message had been fetched before.\n")
            for line in summary_lines(warehouse):
                click.echo(line)
    except (ServerError, TourError, WarehouseError) as error:
        click.echo(f"Error: {error}", err=True)
        return _FAILED
    click.echo("\nWhere to look next")
    for line in _next_steps(target, profile.settings):
        click.echo(f"  {line}")
    return 0


@main.command("load-ledger")
@target_option
@ledger_arguments
def load_simulated_ledger(options: LedgerOptions, target: str) -> int:
    """Write a simulated ledger into all tables of schema ledger, in one transaction.

    Equal options give equal rows, and are loaded once. Shares say how much of each kind of data
    leakage there is; without them there is none.
    """
    from demo.ledger_loading import load_ledger
    from warehouse import WarehouseError, open_warehouse, read_profile
    from warehouse.hosts import allowed_hosts

    folder = Path(os.environ.get("DBT_PROFILES_DIR", "profiles"))
    try:
        warehouse = open_warehouse(
            read_profile(folder, target, os.environ),
            schema_prefix=os.environ.get("GENIE_SCHEMA_PREFIX", ""),
            allowed_hosts=allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", "")),
        )
        appended = load_ledger(warehouse, options)
    except WarehouseError as error:
        click.echo(f"Error: {error}", err=True)
        return _FAILED
    if appended is None:
        click.echo("nothing new: this ledger was loaded before")
    for table, rows in (appended or {}).items():
        click.echo(f"{table}: {rows} rows")
    return 0


@contextmanager
def _engine(target: str) -> Iterator[Mapping[str, str]]:
    """Yield the environment of the programs; for Postgres start a server if none is named."""
    from demo.postgres import PostgresServer

    if target != "postgres" or "GENIE_PG_HOST" in os.environ:
        yield os.environ
        return
    server = PostgresServer(_POSTGRES_FOLDER)
    server.start()
    try:
        click.echo(f"no GENIE_PG_HOST is set: a Postgres of our own lies in {server.data.parent}")
        yield {**os.environ, **server.environ}
    finally:
        server.stop()


def _next_steps(target: str, settings: Mapping[str, Any]) -> Iterator[str]:
    option = "" if target == "duckdb" else f" --target {target}"
    variable = "" if target == "duckdb" else f" TARGET={target}"
    if "path" in settings:
        yield f"database         {settings['path']}"
    elif target == "postgres" and "GENIE_PG_HOST" not in os.environ:
        yield "database         .venv/bin/genie-demo postgres (starts it again)"
    else:
        yield f"database         {settings['host']}"
    yield f"what waits       .venv/bin/genie-ingest status{option}"
    yield f"dashboard        make dashboard{variable}"
    yield f"every model      make docs-serve{variable}"


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, _HIGHEST_PORT),
    default=_POSTGRES_PORT,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_POSTGRES_FOLDER,
    show_default=True,
    help="Folder of the server's data.",
)
def postgres(port: int, folder: Path) -> int:
    """Run a Postgres server on 127.0.0.1 until SIGINT or SIGTERM, and say how to reach it."""
    from demo.postgres import PostgresServer, ServerError

    stopped = _event_of_signals()
    try:
        server = PostgresServer(folder, port=port)
        server.start()
    except ServerError as error:
        click.echo(f"Error: {error}", err=True)
        return _FAILED
    for name, value in server.environ.items():
        click.echo(f"export {name}={value}")
    sys.stdout.flush()
    stopped.wait()
    server.stop()
    return 0


def _event_of_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set."""
    event = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: event.set())
    return event


def workspace_urls(history: History, port: int) -> dict[str, str | None]:
    """Return the addresses that `serve` gives the workspaces from a first port on."""
    return {
        workspace.workspace_id: f"http://127.0.0.1:{port + number}"
        for number, workspace in enumerate(history.workspaces)
    }


def _load_file(table: str, path: Path, target: str) -> int:
    command = [sys.executable, "-m", "ingest", "load-files"]
    command += ["--target", target, "--table", table, str(path)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - no shell, our program


def _credentials() -> tuple[str, str, bool]:
    client_id = os.environ.get("GENIE_DEMO_CLIENT_ID") or OBSERVER_APPLICATION_ID
    client_secret = os.environ.get("GENIE_DEMO_CLIENT_SECRET")
    return client_id, client_secret or secrets.token_urlsafe(24), not client_secret


def _faults(texts: tuple[str, ...], seed: int) -> Faults:
    try:
        return Faults.parse(texts, seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
