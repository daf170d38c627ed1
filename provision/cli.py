"""`genie-setup`: parses, asks, prints, sets the exit code.

Exit codes: 0 done, 1 failed, 2 done in part (details on stderr), 64 bad usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from provision import texts
from provision.changes import Change, make_all
from provision.errors import SetupError
from provision.files import APPLICATION_ID, FILES, sql_of
from provision.grants import plan_grants, plan_permission
from provision.names import Place
from provision.schema import find_schemas, plan_drop, plan_schema
from provision.secrets import SCOPE, plan_secrets
from provision.statements import Statements
from warehouse.console import Reporter, configure_logging
from warehouse.hosts import HostNotAllowedError, allowed_hosts, check_host
from warehouse.text import scrub
from warehouse.workspace import open_workspace

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

EXIT_DONE, EXIT_FAILED, EXIT_PARTIAL, EXIT_USAGE = 0, 1, 2, 64


@dataclass(frozen=True, slots=True)
class Session:
    """What every command is given."""

    reporter: Reporter
    client: WorkspaceClient
    dry_run: bool


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-observability")
def cli() -> None:
    """Prepare a Databricks workspace for the jobs; each command may be run again.

    It acts as whoever the Databricks SDK finds (environment, profile), in the workspace at
    DATABRICKS_HOST. Exit codes: 0 done, 1 failed, 2 done in part, 64 bad usage.
    """


def command(function: Callable[..., int]) -> click.Command:
    """Register a command that signs in, with the options that all of them have."""

    @cli.command(name=function.__name__, help=function.__doc__)
    @click.option("--dry-run", is_flag=True, help="Say what would be changed; change nothing.")
    @click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Lines for people or for programs.",
    )
    @click.option(
        "--timeout",
        type=click.IntRange(min=1),
        default=60,
        show_default=True,
        help="Seconds to wait for an answer of the REST API.",
    )
    @click.option("-v", "--verbose", count=True, help="Log more; twice for all.")
    @wraps(function)
    def run(dry_run: bool, log_format: str, timeout: int, verbose: int, **arguments: Any) -> None:
        configure_logging(verbose)
        reporter = Reporter(log_format)
        try:
            code = function(Session(reporter, _sign_in(timeout), dry_run), **arguments)
        except SetupError as error:
            reporter.fail(str(error))
            code = EXIT_FAILED
        raise SystemExit(code)

    return run


def writes_to(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that name the catalog and schemas."""
    catalog = click.option(
        "--catalog",
        envvar="GENIE_CATALOG",
        show_envvar=True,
        default="main",
        show_default=True,
        help="Catalog of everything that is written.",
    )
    prefix = click.option(
        "--schema-prefix",
        default="",
        help="Put before every schema's name, as by the dbt var schema_prefix.",
    )
    return catalog(prefix(function))


def runs_sql(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that names the SQL warehouse, and those that name schemas."""
    return click.option(
        "--warehouse-id",
        envvar="DATABRICKS_WAREHOUSE_ID",
        show_envvar=True,
        required=True,
        help="SQL warehouse that runs the statements.",
    )(writes_to(function))


application_option = partial(
    click.option,
    "--service-principal",
    envvar="DATABRICKS_SP_CLIENT_ID",
    show_envvar=True,
    help="Application id of the service principal that runs the jobs.",
)
readers_option = partial(
    click.option,
    "--reader",
    "readers",
    multiple=True,
    help="Group or user that reads gold; repeatable.",
)


@command
@click.option("--scope", default=SCOPE, show_default=True, help="Name of the secret scope.")
def secrets(session: Session, scope: str) -> int:
    """Put the service principal's credentials into a secret scope, and let it read them.

    They come from DATABRICKS_SP_CLIENT_ID and DATABRICKS_SP_CLIENT_SECRET, and are never printed.
    """
    given = [os.environ.get(f"DATABRICKS_SP_{name}", "") for name in ("CLIENT_ID", "CLIENT_SECRET")]
    if not all(given):
        raise SetupError("set DATABRICKS_SP_CLIENT_ID and DATABRICKS_SP_CLIENT_SECRET")
    return _carry_out(session, plan_secrets(session.client, scope, *given))


@command
@runs_sql
def schema(session: Session, catalog: str, schema_prefix: str, warehouse_id: str) -> int:
    """Create the catalog, schemas, volumes and landing tables that are absent.

    Run it again after an upgrade: it adds the columns that a release added.
    """
    statements = Statements(session.client, warehouse_id)
    return _carry_out(session, plan_schema(statements, Place(catalog, schema_prefix)))


@command
@runs_sql
@application_option(required=True)
@readers_option()
@click.option(
    "--space", "spaces", multiple=True, help="Genie space whose conversations are read; repeatable."
)
def grants(
    session: Session,
    *,
    catalog: str,
    schema_prefix: str,
    warehouse_id: str,
    service_principal: str,
    readers: tuple[str, ...],
    spaces: tuple[str, ...],
) -> int:
    """Grant the service principal what the jobs need, and readers SELECT on gold.

    CAN MANAGE on a space is what Genie asks for before it shows what others asked; with less, the
    API lists the caller's own conversations only, without an error.
    """
    statements = Statements(session.client, warehouse_id)
    place = Place(catalog, schema_prefix)
    wanted = texts.principal_grants(place, service_principal) + texts.reader_grants(place, readers)
    permit = partial(plan_permission, session.client, application_id=service_principal)
    changes = [
        *permit(kind="warehouses", object_id=warehouse_id, level="CAN_USE"),
        *(
            change
            for space in spaces
            for change in permit(kind="genie", object_id=space, level="CAN_MANAGE")
        ),
        *plan_grants(statements, wanted),
    ]
    return _carry_out(session, changes, goes_on=True)


@command
@runs_sql
@click.option(
    "--confirm",
    "confirmed",
    multiple=True,
    metavar="NAME",
    help="Drop the schema of this name without asking, and ask for no other; repeatable.",
)
def cleanup(
    session: Session,
    *,
    catalog: str,
    schema_prefix: str,
    warehouse_id: str,
    confirmed: tuple[str, ...],
) -> int:
    """Drop our schemas with all that is in them, each after its name is typed.

    What expired in the system tables since it was landed is lost for good.
    """
    statements, place = Statements(session.client, warehouse_id), Place(catalog, schema_prefix)
    unknown = [name for name in confirmed if name not in place.schemas]
    if unknown:
        raise SetupError(f"not a schema of ours: {', '.join(unknown)}")
    changes = []
    for found in find_schemas(statements, place):
        change = plan_drop(statements, place, found)
        if session.dry_run or found.schema in confirmed:
            changes.append(change)
        elif not confirmed:
            typed = click.prompt(
                f"{change.told}: type {found.schema} to do so", default="", show_default=False
            )
            if typed == found.schema:
                changes.append(change)
            else:
                session.reporter.say(f"{catalog}.{found.schema} stays")
    return _carry_out(session, changes)


@cli.command("show-sql")
@click.argument("what", type=click.Choice(list(FILES)))
@writes_to
@application_option(default=APPLICATION_ID)
@readers_option()
def show_sql(
    what: str, catalog: str, schema_prefix: str, service_principal: str, readers: tuple[str, ...]
) -> None:
    """Print the SQL of a command, to be run by hand; signs in nowhere."""
    place = Place(catalog, schema_prefix)
    print(sql_of(what, place, service_principal, readers), end="")


def _sign_in(timeout_seconds: int) -> WorkspaceClient:
    allowed = allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", ""))
    try:
        return open_workspace(
            partial(check_host, allowed=allowed),
            host=os.environ.get("DATABRICKS_HOST"),
            timeout_seconds=timeout_seconds,
        )
    except HostNotAllowedError as error:
        raise SetupError(str(error)) from None
    except (ValueError, OSError) as error:
        raise SetupError(
            f"not signed in: {scrub(str(error))}"
            " (set DATABRICKS_HOST and what the Databricks SDK signs in with)"
        ) from error


def _carry_out(session: Session, changes: Iterable[Change], *, goes_on: bool = False) -> int:
    plan, say = list(changes), session.reporter.say
    if not plan:
        say("nothing to change")
        return EXIT_DONE
    if session.dry_run:
        for change in plan:
            say(f"would {change.told}")
        return EXIT_DONE
    problems = make_all(plan, lambda told: say(f"done: {told}"), goes_on=goes_on)
    for problem in problems:
        session.reporter.warn(problem)
    return EXIT_PARTIAL if problems else EXIT_DONE


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
    except SetupError as error:
        Reporter("text").fail(str(error))
        sys.exit(EXIT_FAILED)
