"""Options that several commands have."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import TypeVar

import click

from ingest.bank_exports import SHAPES
from ingest.bank_values import DATE_FORMATS

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


def _checked_currency(_: click.Context, parameter: click.Parameter, given: str) -> str:
    if not re.fullmatch("[A-Z]{3}", given):
        raise click.BadParameter("not three capital letters", param=parameter)
    return given


_EXPORTS = (
    click.option(
        "--account",
        default="default",
        show_default=True,
        help="Account of files that have no column of accounts; name each, if there are two.",
    ),
    click.option(
        "--currency",
        default="USD",
        show_default=True,
        metavar="CODE",
        callback=_checked_currency,
        help="Of all amounts, ISO 4217.",
    ),
    click.option(
        "--shape",
        type=click.Choice(list(SHAPES)),
        help="Its columns, in its order, have other names.  [default: by the header]",
    ),
    click.option(
        "--date-format",
        type=click.Choice(DATE_FORMATS),
        help="11/30/2025 is us, 30/11/2025 eu.  [default: us, and eu where there are points]",
    ),
    click.option("--encoding", default="utf-8", show_default=True, help="Of the text."),
)


def shared_options(function: F) -> F:
    """Give a command the options that all have."""
    return reduce(lambda given, option: option(given), reversed(_SHARED), function)


def one_workspace(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the option that takes one workspace only."""
    return click.option("--workspace", "workspace_id", help="Only this workspace id.")(function)


def reads_exports(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that say what the header of a bank export does not."""
    for option in reversed(_EXPORTS):
        function = option(function)
    return function


def signs_in(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command that fetches the option that says where its credentials are."""
    return click.option(
        "--secrets-scope",
        help="Databricks secret scope with sp_client_id and sp_client_secret to sign in with.",
    )(function)
