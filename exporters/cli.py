"""`genie-exporter`: parses, prints, sets the exit code.

Exit codes: 0 done (stale sources are metrics, no failure), 1 failed, 64 bad usage.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from exporters.console import Reporter, configure_logging
from exporters.dbt import Dbt
from exporters.errors import ExporterError
from exporters.exporting import Collector, Families, Way, export
from exporters.textfile import Textfile

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 64


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-observability")
def cli() -> None:
    """Tell Prometheus how fresh the sources of a dbt project are.

    Exit codes: 0 done (stale sources are metrics, no failure), 1 failed, 64 bad usage.
    """


_SHARED = (
    click.option(
        "--target",
        envvar="GENIE_TARGET",
        default="duckdb",
        show_default=True,
        help="Output of profiles.yml.",
    ),
    click.option(
        "--project-dir",
        envvar="DBT_PROJECT_DIR",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        default=Path(),
        help="Folder of dbt_project.yml.  [default: this folder]",
    ),
    click.option("--select", metavar="SELECTOR", help="Sources to check, as dbt selects them."),
    click.option("--exclude", metavar="SELECTOR", help="Sources not to check."),
    click.option("--vars", "dbt_vars", metavar="YAML", help="Variables of the dbt project."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=300.0,
        show_default=True,
        help="Seconds after which dbt is stopped.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Lines for people or for programs.",
    ),
    click.option("-v", "--verbose", count=True, help="Log more; twice for all."),
)


def exports(function: Callable[..., Way]) -> click.Command:
    """Register a command that exports once, by the way that its function returns."""

    @cli.command(name=function.__name__, help=function.__doc__)
    @wraps(function)
    def run(log_format: str, verbose: int, **arguments: Any) -> None:
        configure_logging(verbose)
        reporter = Reporter(log_format)
        try:
            collect = _collects(**{name: arguments.pop(name) for name in _COLLECTING})
            problem = export(collect, function(**arguments)).problem
        except ExporterError as error:
            problem = str(error)
        if problem is not None:
            reporter.fail(problem)
            raise SystemExit(EXIT_FAILED)

    for option in reversed(_SHARED):
        option(run)
    return run


_COLLECTING = ("target", "project_dir", "select", "exclude", "dbt_vars", "timeout")


@exports
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def textfile(path: Path) -> Way:
    """Write PATH for node_exporter's textfile collector; its name should end in .prom.

    The file is replaced as a whole. If dbt fails, it keeps its last values, and says so.
    """
    return Textfile(path)


def _collects(
    *,
    target: str,
    project_dir: Path,
    select: str | None,
    exclude: str | None,
    dbt_vars: str | None,
    timeout: float,
) -> Callable[[Families], Sequence[Collector]]:
    arguments = [
        *(("--select", *shlex.split(select)) if select else ()),
        *(("--exclude", *shlex.split(exclude)) if exclude else ()),
        *(("--vars", dbt_vars) if dbt_vars else ()),
    ]
    dbt = Dbt(
        target=target,
        project=project_dir,
        cache=Path(os.environ.get("DBT_TARGET_PATH", project_dir / "target"))
        / f"exporter_{target}",
        timeout_seconds=timeout,
        arguments=arguments,
        why_stuck=lambda: _lock_of(target),
    )

    def collect(last: Families) -> Sequence[Collector]:
        manifest, checks = dbt.check_sources()
        from exporters.freshness import FreshnessCollector, loaded_times

        return [FreshnessCollector(manifest, checks, loaded_times(last))]

    return collect


def _lock_of(target: str) -> str | None:
    """Say so, if another process holds the database."""
    from warehouse import WarehouseError, WarehouseLockedError, open_warehouse, read_profile

    try:
        profile = read_profile(
            Path(os.environ.get("DBT_PROFILES_DIR", "profiles")), target, os.environ
        )
        if profile.engine == "duckdb":
            open_warehouse(profile, lock_timeout_seconds=0).read("select 1")
    except WarehouseLockedError:
        return f"another process holds {profile.settings['path']}"
    except WarehouseError:
        return None
    return None


def main() -> None:
    """Run the command line; click's own exit code for bad usage is 2, ours is 64."""
    # so that what was started is stopped, and no half of a file is left
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
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
