"""Options that several commands have, and the values that they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import reduce, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., object])

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(_: click.Context, parameter: click.Parameter, given: str) -> timedelta:
    """Return what a number with m, h or d means: minutes, hours or days."""
    found = re.fullmatch(r"(\d{1,6})([mhd])", given)
    if found is None:
        raise click.BadParameter(
            f"{given!r} is not a number with m, h or d, such as 24h", param=parameter
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def address(_: click.Context, parameter: click.Parameter, given: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT."""
    host, _colon, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) >= 2**16:
        raise click.BadParameter(f"{given!r} is not HOST:PORT", param=parameter)
    return host.strip("[]"), int(port)


def pairs(_: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Return names and values of NAME=VALUE."""
    found = dict(text.partition("=")[::2] for text in given)
    if not all(found.values()) or len(found) < len(given):
        raise click.BadParameter("give NAME=VALUE, each name once", param=parameter)
    return found


def tls_files(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options that name a certificate and its key; both or none."""
    file = click.Path(path_type=Path, exists=True, dir_okay=False)

    @click.option("--cert", type=file, help="Our certificate, for TLS.")
    @click.option("--key", type=file, help="Its key.")
    @wraps(function)
    def run(*given: Any, cert: Path | None, key: Path | None, **arguments: Any) -> R:
        if (cert is None) is not (key is None):
            raise click.UsageError("--cert and --key go together")
        certificate = (cert, key) if cert and key else None
        return function(*given, certificate=certificate, **arguments)

    return run


log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people or for programs.",
)
verbose = click.option("-v", "--verbose", count=True, help="Log more; twice for all.")


def _archive(context: click.Context, _: click.Parameter, given: Path | None) -> Path:
    """Return the archive; runs of one target are no evidence for another."""
    return given or Path("var", "artifacts", context.params["target"])


_TARGET = click.option(
    "--target",
    envvar="GENIE_TARGET",
    default="duckdb",
    show_default=True,
    is_eager=True,  # the archive depends on it
    help="Output of profiles.yml.",
)
_ARCHIVE = click.option(
    "--archive",
    envvar="GENIE_ARTIFACTS_DIR",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False),
    callback=_archive,
    help="Folder with a folder of dbt's artifacts for each run.  [default: var/artifacts/TARGET]",
)

_COLLECTING = (
    click.option(
        "--artifacts",
        type=click.Path(path_type=Path, file_okay=False),
        help="Read what dbt left in this folder, or in folders of it, and run no dbt.",
    ),
    _ARCHIVE,
    _TARGET,
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
        "--models/--no-models",
        default=True,
        show_default=True,
        help="Also read the metrics that models declare in config.meta.prometheus.",
    ),
)
COLLECTING = (
    *("artifacts", "archive", "target", "project_dir"),
    *("select", "exclude", "dbt_vars", "timeout", "models"),
)


def archives(function: F) -> F:
    """Give a command the options that say where the archive is."""
    return _ARCHIVE(_TARGET(function))


def collects(function: F) -> F:
    """Give a command the options that say where metrics come from."""
    return reduce(lambda given, option: option(given), reversed(_COLLECTING), function)
