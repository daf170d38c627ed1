"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

_SHARED = (
    click.option(
        "--target",
        envvar="GENIE_TARGET",
        default="duckdb",
        show_default=True,
        help="Output of profiles.yml.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Lines for people or for programs.",
    ),
    click.option(
        "--lock-timeout",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        help="Seconds to wait for a DuckDB file that another process holds.",
    ),
    click.option(
        "--timeout",
        type=click.IntRange(min=1),
        default=60,
        show_default=True,
        help="Seconds to wait for an answer of the REST API.",
    ),
    click.option("-v", "--verbose", count=True, help="Log more; twice for all."),
)


def shared_options(function: F) -> F:
    """Give a command the options that all have."""
    return reduce(lambda given, option: option(given), reversed(_SHARED), function)


def one_workspace(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the option that takes one workspace only."""
    return click.option("--workspace", "workspace_id", help="Only this workspace id.")(function)


def signs_in(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command that fetches the option that says where its credentials are."""
    return click.option(
        "--secrets-scope",
        help="Databricks secret scope with sp_client_id and sp_client_secret to sign in with.",
    )(function)
