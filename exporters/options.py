"""Options that several commands have, and the values that they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import TypeVar

import click

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


log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people or for programs.",
)
verbose = click.option("-v", "--verbose", count=True, help="Log more; twice for all.")
archive_option = click.option(
    "--archive",
    envvar="GENIE_ARTIFACTS_DIR",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/artifacts"),
    show_default=True,
    help="Folder with a folder of dbt's artifacts for each run.",
)

_COLLECTING = (
    click.option(
        "--artifacts",
        type=click.Path(path_type=Path, file_okay=False),
        help="Read what dbt left in this folder, or in folders of it, and run no dbt.",
    ),
    archive_option,
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
)
COLLECTING = (
    *("artifacts", "archive", "target", "project_dir"),
    *("select", "exclude", "dbt_vars", "timeout"),
)


def collects(function: F) -> F:
    """Give a command the options that say where metrics come from."""
    return reduce(lambda given, option: option(given), reversed(_COLLECTING), function)
