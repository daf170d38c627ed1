"""`genie-dashboard`: parses, prints, sets the exit code.

Exit codes: 0 done, 1 failed, 64 bad usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboards.errors import DashboardError, DeploymentError
from dashboards.options import definition, log_format, target, verbose
from warehouse import WarehouseError, open_warehouse, read_profile
from warehouse.console import Reporter, configure_logging
from warehouse.hosts import HostNotAllowedError, allowed_hosts, check_host
from warehouse.text import scrub
from warehouse.workspace import open_workspace

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

EXIT_FAILED, EXIT_USAGE = 1, 64
# of DuckDB: joins of a million messages take less than 2 GB
_MEMORY_LIMIT = "4GB"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-observability")
def cli() -> None:
    """Build the dashboard from its parts, look at it without Databricks, deploy it.

    Exit codes: 0 done, 1 failed, 64 bad usage.
    """


def command(function: Callable[..., None]) -> click.Command:
    """Register a command with the options that all have."""

    @cli.command(name=function.__name__, help=function.__doc__)
    @log_format
    @verbose
    @wraps(function)
    def run(log_format: str, verbose: int, **arguments: Any) -> None:
        configure_logging(verbose)
        reporter = Reporter(log_format)
        try:
            function(reporter, **arguments)
        except (DashboardError, WarehouseError) as error:
            reporter.fail(str(error))
            raise SystemExit(EXIT_FAILED) from None

    return run


@command
@definition
def build(reporter: Reporter, path: Path) -> None:
    """Write the dashboard's file from the parts in dashboards/."""
    from dashboards.building import build_text

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(build_text(), encoding="utf-8")
    reporter.say(f"wrote {path}")


@command
@definition
@target
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("var/genie_observability.html"),
    show_default=True,
    help="Where to write the page.",
)
def render(reporter: Reporter, path: Path, target: str, output: Path) -> None:
    """Write the dashboard with its figures as one page of HTML that needs no network."""
    from dashboards.definition import read_definition
    from dashboards.rendering import render as rendered

    found = read_definition(path)
    profile = read_profile(Path(os.environ.get("DBT_PROFILES_DIR", "profiles")), target, os.environ)
    warehouse = open_warehouse(
        profile,
        schema_prefix=os.environ.get("GENIE_SCHEMA_PREFIX", ""),
        allowed_hosts=allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", "")),
        memory_limit=_MEMORY_LIMIT,
    )
    text = rendered(found, warehouse, profile.engine)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    reporter.say(f"wrote {output} ({len(text.encode()) / 1e6:.1f} MB): open it in a browser")


@command
@definition
@click.option("--name", default="Genie Observability", show_default=True, help="What people see.")
@click.option(
    "--catalog",
    envvar="GENIE_CATALOG",
    show_envvar=True,
    default="main",
    show_default=True,
    help="Catalog of the marts.",
)
@click.option(
    "--schema-prefix",
    envvar="GENIE_SCHEMA_PREFIX",
    show_envvar=True,
    default="",
    help="Put before the schema's name, as by the dbt var schema_prefix.",
)
@click.option(
    "--warehouse-id",
    envvar="DATABRICKS_WAREHOUSE_ID",
    show_envvar=True,
    required=True,
    help="SQL warehouse that runs its queries.",
)
@click.option("--folder", help="Workspace folder.  [default: your own]")
@click.option(
    "--embed-credentials/--no-embed-credentials",
    default=False,
    show_default=True,
    help="Let readers see by your rights what they may not see by theirs.",
)
@click.option("--dry-run", is_flag=True, help="Say what differs; change nothing.")
def deploy(  # noqa: PLR0913 - one for each option
    reporter: Reporter,
    *,
    path: Path,
    name: str,
    catalog: str,
    schema_prefix: str,
    warehouse_id: str,
    folder: str | None,
    embed_credentials: bool,
    dry_run: bool,
) -> None:
    """Create or change the dashboard in the workspace at DATABRICKS_HOST, and publish it."""
    from dashboards.definition import SCHEMA, read_definition
    from dashboards.deploying import Wanted, carry_out, placed, plan

    read_definition(path)
    text = placed(path.read_text(encoding="utf-8"), catalog, f"{schema_prefix}{SCHEMA}")
    wanted = Wanted(name, text, warehouse_id, folder, embed_credentials)
    client = _sign_in()
    todo = plan(client, wanted)
    would = "would " if dry_run else ""
    for change in todo.changes:
        reporter.say(f"{would}{change}")
    if todo.is_empty:
        reporter.say("nothing to change")
    elif dry_run:
        reporter.say("would publish it")
    else:
        reporter.say(f"published {name} ({carry_out(client, wanted, todo)})")


def _sign_in() -> WorkspaceClient:
    allowed = allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", ""))
    try:
        return open_workspace(
            partial(check_host, allowed=allowed), host=os.environ.get("DATABRICKS_HOST")
        )
    except HostNotAllowedError as error:
        raise DeploymentError(str(error)) from None
    except (ValueError, OSError) as error:
        raise DeploymentError(
            f"not signed in: {scrub(str(error))}"
            " (set DATABRICKS_HOST and what the Databricks SDK signs in with)"
        ) from error


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
