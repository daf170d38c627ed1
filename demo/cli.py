"""Command line of the simulated workspace: serve it, or load its system tables."""

import functools
import os
import secrets
import signal
import subprocess  # the ingester is another package, and packages do not import each other
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from demo.faults import Faults
from demo.history import History, HistoryOptions, build_history
from demo.model import OBSERVER_APPLICATION_ID
from demo.questions import Question, own_questions, read_questions

R = TypeVar("R")

_USAGE, _FAILED = 64, 1
_DEFAULT_PORT = 8765
_HIGHEST_PORT = 65_000
_POSTGRES_PORT = 55432
_POSTGRES_FOLDER = Path("var/postgres")
_HISTORY_NAMES = ("messages", "workspaces", "spaces", "seed", "end", "days", "questions")


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


def history_arguments(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a history; it receives one `options` instead of each.

    Two commands with equal options see the same history; so give both the same --end.
    """

    @click.option("--messages", default=2000, show_default=True, help="Questions asked.")
    @click.option("--workspaces", default=2, show_default=True, help="Workspaces.")
    @click.option("--spaces", default=6, show_default=True, help="Genie spaces in all.")
    @click.option("--seed", default=7, show_default=True, help="Another seed, another history.")
    @click.option("--end", help="ISO time at which it ends.  [default: today, 00:00 UTC]")
    @click.option("--days", default=45, show_default=True, help="Days before the end.")
    @click.option(
        "--questions",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="JSON lines of {question, sql, database} to ask instead of the built-in ones.",
    )
    @functools.wraps(command)
    def with_options(**values: Any) -> R:
        given = {name: values.pop(name) for name in _HISTORY_NAMES}
        return command(options=history_options(**given), **values)

    return with_options


def history_options(
    *,
    messages: int,
    workspaces: int,
    spaces: int,
    seed: int,
    end: str | None,
    days: int,
    questions: Path | None,
) -> HistoryOptions:
    """Return the options that the command line gave.

    Args:
        messages: Questions asked.
        workspaces: Workspaces.
        spaces: Genie spaces in all.
        seed: Seed of every draw.
        end: ISO time; without an offset it is UTC. None is today's midnight.
        days: Days before the end.
        questions: File of questions, or None for the built-in ones.

    Raises:
        click.UsageError: A value is out of range.
        click.ClickException: The file of questions is malformed.
    """
    asked = _questions(questions)
    try:
        return HistoryOptions(
            end=_end(end),
            messages=messages,
            workspaces=workspaces,
            spaces=spaces,
            seed=seed,
            days=days,
            questions=asked,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


target_option = click.option(
    "--target",
    type=click.Choice(["duckdb", "postgres", "databricks"]),
    default="duckdb",
    show_default=True,
    help="Engine to load into.",
)


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
    if "path" in settings:
        yield f"database         {settings['path']}"
    elif target == "postgres" and "GENIE_PG_HOST" not in os.environ:
        yield "database         .venv/bin/genie-demo postgres (starts it again)"
    else:
        yield f"database         {settings['host']}"
    yield f"what waits       .venv/bin/genie-ingest status{option}"
    yield f"every model      make docs-serve{'' if not option else f' TARGET={target}'}"


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


def _questions(path: Path | None) -> tuple[Question, ...]:
    if path is None:
        return own_questions()
    try:
        return read_questions(path)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _end(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
