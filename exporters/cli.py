"""`genie-exporter`: parses, prints, sets the exit code.

Exit codes: 0 done (stale sources are metrics, no failure) or yes, 1 failed or cannot tell, 3 no,
64 bad usage.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exporters.collecting import collect_by_dbt, collect_from
from exporters.database import absence, lock
from exporters.errors import ExporterError
from exporters.exporting import Collect, Way, export
from exporters.options import (
    COLLECTING,
    address,
    archives,
    collects,
    duration,
    log_format,
    pairs,
    tls_files,
    verbose,
)
from exporters.textfile import Textfile
from warehouse.console import Reporter, configure_logging

if TYPE_CHECKING:
    from exporters.dbt import Dbt
    from warehouse import Warehouse

_LOCK_SECONDS = 10.0

EXIT_DONE, EXIT_FAILED, EXIT_NO, EXIT_USAGE = 0, 1, 3, 64


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-observability")
def cli() -> None:
    """Tell Prometheus how fresh the sources of a dbt project are, and what became of its nodes.

    Exit codes: 0 done (stale sources are metrics, no failure), 1 failed, 64 bad usage; those of
    gate: 0 yes, 3 no, 1 cannot tell.
    """


def command(function: Callable[..., int]) -> click.Command:
    """Register a command with the options that all have; it returns the exit code."""

    @cli.command(name=function.__name__, help=function.__doc__)
    @log_format
    @verbose
    @wraps(function)
    def run(log_format: str, verbose: int, **arguments: Any) -> None:
        configure_logging(verbose)
        reporter = Reporter(log_format)
        try:
            code = function(reporter, **arguments)
        except ExporterError as error:
            reporter.fail(str(error))
            code = EXIT_FAILED
        if code:
            raise SystemExit(code)

    return run


def exports(function: Callable[..., Way]) -> click.Command:
    """Register a command that exports once, by the way that its function returns."""

    @command
    @collects
    @wraps(function)
    def run(reporter: Reporter, **arguments: Any) -> int:
        collect = _collects(**{name: arguments.pop(name) for name in COLLECTING})
        problem = export(collect, function(**arguments)).problem
        if problem is not None:
            reporter.fail(problem)
        return EXIT_DONE if problem is None else EXIT_FAILED

    return run


@exports
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def textfile(path: Path) -> Way:
    """Write PATH for node_exporter's textfile collector; its name should end in .prom.

    The file is replaced as a whole. If dbt fails, it keeps its last values, and says so.
    """
    return Textfile(path)


@exports
@click.option("--gateway", required=True, metavar="URL", help="Address of the Pushgateway.")
@click.option("--job", default="genie_exporter", show_default=True, help="Of the group.")
@click.option(
    "--group",
    multiple=True,
    metavar="NAME=VALUE",
    callback=pairs,
    help="Further label of the group, such as env=prod; repeatable.",
)
@click.option("--user", envvar="GENIE_PUSHGATEWAY_USER", show_envvar=True, help="Of the gateway.")
@click.option(
    "--ca-file", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust."
)
@tls_files
def push(
    *,
    gateway: str,
    job: str,
    group: dict[str, str],
    user: str | None,
    ca_file: str | None,
    certificate: tuple[Path, Path] | None,
) -> Way:
    """Push to a Pushgateway.

    The group is replaced as a whole. If dbt fails, only that is pushed, and the group keeps its
    last values. The password of --user is GENIE_PUSHGATEWAY_PASSWORD.
    """
    from exporters.push import Access, Push

    password = os.environ.get("GENIE_PUSHGATEWAY_PASSWORD", "")
    own = (str(certificate[0]), str(certificate[1])) if certificate else None
    return Push(Access(gateway, user, password, ca_file, own), job, group)


@exports
def report() -> Way:
    """Print what is wrong with sources, nodes and exposures, and what is right."""
    from exporters.report import Report

    return Report(print)


@command
@collects
@click.option(
    "--listen",
    default="127.0.0.1:9108",
    show_default=True,
    metavar="HOST:PORT",
    callback=address,
    help="Where /metrics and /-/healthy are.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=1),
    default=900.0,
    show_default=True,
    help="Seconds between the end of a run and the next.",
)
@tls_files
def serve(
    reporter: Reporter,
    *,
    listen: tuple[str, int],
    interval: float,
    certificate: tuple[Path, Path] | None,
    **collecting: Any,
) -> int:
    """Serve /metrics from memory, and refresh it in the background.

    /-/healthy is 503 while the last run has failed. Anybody who reaches the address may read: let a
    reverse proxy ask for passwords.
    """
    from exporters.serve import Memory, refresh, serving

    # a scrape waits for less of a refresh
    sys.setswitchinterval(0.001)
    collect, memory, stop = _collects(**collecting), Memory(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_by(stop))

    def run() -> None:
        problem = export(collect, memory).problem
        if problem is not None:
            reporter.fail(problem)

    with serving(memory, *listen, certificate) as url:
        reporter.say(f"serving {url}/metrics")
        refresh(run, interval, stop)
    return EXIT_DONE


@command
@click.option("--exposure", required=True, metavar="NAME", help="What is about to be run.")
@archives
@click.option(
    "--max-age",
    metavar="AGE",
    callback=duration,
    default="24h",
    show_default=True,
    help="How old a check, build or test may be: a number with m, h or d.",
)
@click.option("--allow-warn", is_flag=True, help="Sources and tests that only warn are fine.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the answer.",
)
def gate(
    reporter: Reporter,
    *,
    exposure: str,
    archive: Path,
    max_age: timedelta,
    allow_warn: bool,
    output: str,
    **_: str,
) -> int:
    """Answer whether all that an exposure reads is fresh, built and tested.

    Exit codes: 0 yes, 3 no, 1 cannot tell, 64 bad usage. The evidence is the archive of dbt's runs:
    whatever is not in it counts as not done, and so does a test that ran before its data came.
    """
    from exporters.archive import read_evidence
    from exporters.readiness import Rules, judge

    now = datetime.now(UTC)
    try:
        evidence = read_evidence(archive)
        exposures = {node.name: node for node in evidence.manifest.exposures.values()}
        if exposure not in exposures:
            raise click.BadParameter(
                f"no exposure {exposure!r}: there are {', '.join(sorted(exposures)) or 'none'}",
                param_hint="--exposure",
            )
        reasons = judge(evidence, exposures[exposure], Rules(now, max_age, allow_warn))
    except ExporterError as error:
        if output == "json":
            print(json.dumps({"exposure": exposure, "ready": None, "problem": str(error)}))
        raise
    if output == "json":
        told = [{"input": r.input, "state": r.state, "text": r.text} for r in reasons]
        answer = {"exposure": exposure, "ready": not reasons, "judged_at": now.isoformat()}
        print(json.dumps({**answer, "reasons": told}))
    else:
        reporter.say(f"{exposure}: {'not ready' if reasons else 'ready'}")
        for reason in reasons:
            reporter.say(f"- {reason.text}")
    return EXIT_NO if reasons else EXIT_DONE


@command
@click.option(
    "--from",
    "built",
    envvar="DBT_TARGET_PATH",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("target"),
    show_default=True,
    help="dbt's target folder.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="dbt's log of the run, as JSON: sources.json leaves out what could not be checked.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), default=50, show_default=True, help="Runs that stay."
)
@archives
def archive(
    reporter: Reporter, *, built: Path, log: Path | None, keep: int, archive: Path, **_: str
) -> int:
    """Keep the artifacts of the dbt run that has just ended, as evidence for gate."""
    from exporters.archive import archive_run

    folder = archive_run(built, archive, log=log, keep=keep)
    reporter.say(f"archived in {folder}" if folder else "archived before")
    return EXIT_DONE


def _collects(
    *,
    artifacts: Path | None,
    archive: Path,
    target: str,
    timeout: float,
    models: bool,
    **dbt_options: Any,
) -> Collect:
    if artifacts is not None:
        return partial(collect_from, artifacts)
    dbt = _dbt(target, timeout, **dbt_options)
    return partial(collect_by_dbt, dbt, archive, partial(_open, target) if models else None)


def _dbt(
    target: str,
    timeout: float,
    *,
    project_dir: Path,
    select: str | None,
    exclude: str | None,
    dbt_vars: str | None,
) -> Dbt:
    from exporters.dbt import Dbt

    built = Path(os.environ.get("DBT_TARGET_PATH", project_dir / "target"))
    return Dbt(
        target=target,
        project=project_dir,
        cache=built / f"exporter_{target}",
        timeout_seconds=timeout,
        arguments=[
            *(("--select", *shlex.split(select)) if select else ()),
            *(("--exclude", *shlex.split(exclude)) if exclude else ()),
            *(("--vars", dbt_vars) if dbt_vars else ()),
        ],
        absence=lambda: absence(_profiles(), target, os.environ),
        lock=lambda: lock(_profiles(), target, os.environ),
    )


def _open(target: str) -> Warehouse:
    """Open what dbt builds in; a DuckDB file that is in use is waited for."""
    from warehouse import open_warehouse, read_profile
    from warehouse.hosts import allowed_hosts

    return open_warehouse(
        read_profile(_profiles(), target, os.environ),
        lock_timeout_seconds=_LOCK_SECONDS,
        allowed_hosts=allowed_hosts(os.environ.get("GENIE_ALLOWED_HOSTS", "")),
    )


def _stop_by(stop: threading.Event) -> Callable[[int, object], None]:
    """Return what ends a server: at once, also where it waits for dbt."""

    def end(*_: object) -> None:
        stop.set()
        raise SystemExit(EXIT_DONE)

    return end


def _profiles() -> Path:
    return Path(os.environ.get("DBT_PROFILES_DIR", "profiles"))


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
