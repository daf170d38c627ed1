"""`genie-ingest`: parses, prints, sets the exit code.

Exit codes: 0 done, 1 failed, 2 done in part (details on stderr), 64 bad usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from ingest import loading
from ingest.asking import ask_questions, read_questions
from ingest.bank_exports import ExportFormat
from ingest.console import Reporter, configure_logging
from ingest.errors import IngestError
from ingest.files import find_files
from ingest.ledger import SUFFIXES, Import, land_exports, tell_export
from ingest.messages import fetch_messages
from ingest.options import one_workspace, reads_exports, shared_options, signs_in
from ingest.planning import tell_plan
from ingest.privacy import Privacy
from ingest.purging import count_content, purge_content, read_retention_days
from ingest.recording import recorded_run
from ingest.resources import fetch_comments, fetch_evals, list_conversations
from ingest.session import (
    EXIT_DONE,
    EXIT_PARTIAL,
    Session,
    require_landing,
    run_service,
    stop_on_signals,
)
from ingest.settings import parse_settings
from ingest.spaces import fetch_spaces
from ingest.status import read_status
from ingest.system_tables import Wanted, fetch_system_tables, read_host
from ingest.worklist import Filters
from ingest.workspaces import OpenClient, Run
from warehouse import Warehouse, WarehouseError, open_warehouse, read_profile
from warehouse.hosts import allowed_hosts
from warehouse.landing import ALL_TABLES, SYSTEM_TABLES

EXIT_FAILED, EXIT_USAGE = 1, 64

P = ParamSpec("P")


def _set_environment(_: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    try:
        os.environ.update(parse_settings(given))
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-observability")
@click.option(
    "--set",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_set_environment,
    expose_value=False,
    help="Environment variable, where a job cannot have one; repeatable. No secrets.",
)
def cli() -> None:
    """Land Genie's audit log, messages and spaces where dbt reads them.

    Exit codes: 0 done, 1 failed, 2 done in part (details on stderr), 64 bad usage.
    """


def command(function: Callable[..., int]) -> click.Command:
    """Register a command with the options that all share; it returns the exit code."""

    @cli.command(name=function.__name__.replace("_", "-"), help=function.__doc__)
    @shared_options
    @wraps(function)
    def run(
        target: str,
        log_format: str,
        lock_timeout: float,
        timeout: int,
        verbose: int,
        secrets_scope: str | None = None,
        **arguments: Any,
    ) -> None:
        configure_logging(verbose)
        reporter = Reporter(log_format)
        try:
            privacy = Privacy(
                os.environ.get("GENIE_PII_MODE", "full"), os.environ.get("GENIE_PII_KEY", "")
            )
            folder = Path(os.environ.get("DBT_PROFILES_DIR", "profiles"))
            profile = read_profile(folder, target, os.environ)
            warehouse = open_warehouse(
                profile,
                lock_timeout_seconds=lock_timeout,
                schema_prefix=os.environ.get("GENIE_SCHEMA_PREFIX", ""),
                allowed_hosts=allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", "")),
            )
            session = Session(
                warehouse, reporter, privacy, timeout, os.environ, profile.engine, secrets_scope
            )
            code = function(session, **arguments)
        except (IngestError, WarehouseError) as error:
            reporter.fail(str(error))
            code = EXIT_FAILED
        if code:  # a Databricks job takes any exit for a failure, that of success too
            raise SystemExit(code)

    return run


@command
def init(session: Session) -> int:
    """Create the database and the tables of landing and ledger that are absent."""
    session.warehouse.create_tables(ALL_TABLES)
    return EXIT_DONE


@command
@click.option(
    "--table",
    "table_name",
    type=click.Choice(list(SYSTEM_TABLES)),
    required=True,
    help="System table that the files hold rows of.",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def load_files(session: Session, table_name: str, paths: tuple[Path, ...]) -> int:
    """Load files (JSON lines or Parquet) of a system table; folders are searched.

    A file that was loaded before is skipped, whatever its name. For audit, files of Databricks'
    audit log delivery are understood too.
    """
    require_landing(session)
    for file in loading.load_files(
        session.warehouse, SYSTEM_TABLES[table_name], find_files(list(paths)), session.privacy
    ):
        if file.rows is None:
            session.reporter.say(f"{file.path}: loaded before, skipped")
        else:
            session.reporter.say(f"{file.path}: {file.rows} rows into {table_name}", rows=file.rows)
    return EXIT_DONE


@command
@reads_exports
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def ledger(
    session: Session,
    *,
    paths: tuple[Path, ...],
    account: str,
    currency: str,
    shape: str | None,
    date_format: str | None,
    encoding: str,
) -> int:
    """Land bank exports (delimited text) as transactions and labels; folders are searched.

    The shape is told by the header. A transaction that an earlier file brought is not landed again;
    a line that cannot be read is kept in ledger.rejected_lines.
    """
    form = ExportFormat(account, shape, date_format, encoding)
    how = Import(form, currency, session.privacy)
    rejected = 0
    for file in land_exports(session.warehouse, find_files(list(paths), SUFFIXES), how):
        rejected += tell_export(session.reporter, file)
    return EXIT_PARTIAL if rejected else EXIT_DONE


@command
@signs_in
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Read again from this day on (UTC); what is landed is not landed twice.",
)
@click.option(
    "--table",
    "tables",
    type=click.Choice(list(SYSTEM_TABLES)),
    multiple=True,
    help="Only this table; may be repeated.",
)
@click.option(
    "--warehouse-id",
    envvar="DATABRICKS_WAREHOUSE_ID",
    show_envvar=True,
    required=True,
    help="SQL warehouse that runs the statements.",
)
@one_workspace
@click.option(
    "--page-rows",
    type=click.IntRange(2, 50_000),
    default=5_000,
    show_default=True,
    help="Rows read and landed together.",
)
def system_tables(
    session: Session, *, since: datetime | None, workspace_id: str | None, **options: Any
) -> int:
    """Bring the account's system tables, by SQL on a warehouse of DATABRICKS_HOST."""
    require_landing(session)
    wanted = Wanted(
        host=read_host(session.environ),
        since=None if since is None else since.replace(tzinfo=UTC),
        workspace_id=workspace_id,
        timeout_seconds=session.timeout_seconds,
        **options,
    )
    return run_service(session, "system-tables", partial(fetch_system_tables, wanted=wanted))


@command
@signs_in
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most so many messages.")
@one_workspace
@click.option("--space", "space_id", help="Only this space id.")
@click.option(
    "--workers",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    help="Conversations fetched at a time from one workspace.",
)
@click.option(
    "--batch-rows",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="Rows written together, two a message; a killed process fetches at most these again.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be fetched; call nothing.")
def messages(
    session: Session,
    *,
    limit: int | None,
    workspace_id: str | None,
    space_id: str | None,
    workers: int,
    batch_rows: int,
    dry_run: bool,
) -> int:
    """Fetch the messages that gold.genie_messages_to_fetch says are due."""
    filters = Filters(workspace_id, space_id, limit)
    if dry_run:
        tell_plan(session, filters)
        return EXIT_DONE

    def service(warehouse: Warehouse, open_client: OpenClient, run: Run) -> None:
        fetch_messages(warehouse, open_client, run, filters, workers)

    return run_service(session, "messages", service, batch_rows=batch_rows)


@command
@one_workspace
@signs_in
def spaces(session: Session, workspace_id: str | None) -> int:
    """Fetch every space that is visible or known from events; land those that changed."""
    return run_service(session, "spaces", partial(fetch_spaces, workspace_id=workspace_id))


@command
@one_workspace
@signs_in
def conversations(session: Session, workspace_id: str | None) -> int:
    """List the conversations of every space, and fetch those that the audit log does not know."""
    return run_service(
        session, "conversations", partial(list_conversations, workspace_id=workspace_id)
    )


@command
@one_workspace
@signs_in
def evals(session: Session, workspace_id: str | None) -> int:
    """Fetch benchmark runs and their results, before the API forgets the details."""
    return run_service(session, "evals", partial(fetch_evals, workspace_id=workspace_id))


@command
@one_workspace
@signs_in
def comments(session: Session, workspace_id: str | None) -> int:
    """Fetch the comments of conversations in which the audit log shows new ones."""
    return run_service(session, "comments", partial(fetch_comments, workspace_id=workspace_id))


@command
@signs_in
@click.option("--workspace", "workspace_id", required=True, help="Workspace id.")
@click.option("--space", "space_id", required=True, help="Space to ask in.")
@click.option(
    "--questions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="JSON lines with a `question` each.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Ask at most so many.")
@click.option(
    "--per-minute",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Pace; Databricks takes 5 a minute from a workspace.",
)
def generate_conversations(
    session: Session,
    *,
    workspace_id: str,
    space_id: str,
    questions: Path,
    limit: int | None,
    per_minute: float,
) -> int:
    """Ask test questions in a space, slowly.

    This costs money, and counts as usage unless the var genie_service_principals names us.
    """
    service = partial(
        ask_questions,
        workspace_id=workspace_id,
        space_id=space_id,
        questions=read_questions(questions)[:limit],
        per_minute=per_minute,
    )
    return run_service(session, "generate-conversations", service)


@command
@click.option("--dry-run", is_flag=True, help="Say what would be purged; change nothing.")
def purge(session: Session, *, dry_run: bool) -> int:
    """Take content older than the var content_retention_days out of the landing.

    Questions, answers, SQL, titles, comments and error texts go; ids, states, times and counts
    stay. The next dbt build takes them out of the models.
    """
    days = read_retention_days(session.warehouse)
    if days is None:
        session.reporter.say(
            "retention is off, nothing done: set the var content_retention_days and build"
        )
        return EXIT_DONE
    if dry_run:
        _tell_purged(session, "to purge", count_content(session.warehouse), days)
        return EXIT_DONE
    stop = stop_on_signals()
    with (
        recorded_run(session.warehouse, "purge") as counts,
        session.reporter.progress("rows purged") as progress,
    ):
        purged = purge_content(session.warehouse, counts, stop, progress.update)
        counts.stopped = stop.is_set()
    _tell_purged(session, "purged", purged, days)
    if counts.stopped:
        session.reporter.warn("stopped on request; what was purged is")
    return EXIT_PARTIAL if counts.stopped else EXIT_DONE


def _tell_purged(session: Session, done: str, rows_by_table: dict[str, int], days: int) -> None:
    for table, rows in rows_by_table.items():
        session.reporter.say(f"{table}: {rows} rows {done}", table=table, rows=rows)
    if not rows_by_table:
        session.reporter.say(f"nothing to purge: no content is older than {days} days", rows=0)


@command
def status(session: Session) -> int:
    """Say what is pending, waiting, gone and why, and four health checks."""
    since = (datetime.now(UTC) - timedelta(days=1)).replace(tzinfo=None)
    state = read_status(session.warehouse, errors_since=since)
    session.reporter.table("messages by state", state.states)
    checks = [{"check": name, "result": text} for name, text in state.checks().items()]
    session.reporter.table(f"health: {state.validation['verdict']}", checks)
    return EXIT_DONE


def main() -> None:
    """Run the command line; click's own exit code for bad usage is 2, ours is 64."""
    try:
        cli.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_FAILED)
    except click.Abort:
        sys.exit(EXIT_FAILED)
