"""Options that several commands have."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from demo.history import HistoryOptions
from demo.ledger_options import Leaks, LedgerOptions
from demo.questions import Question, own_questions, read_questions

R = TypeVar("R")

_LEAKS = {
    "late_labels": "Share of labels that were observed after the end of the month.",
    "future_labels": "Share of labels that were observed a hundred years from then.",
    "late_features": "Share of features that were computed after their transaction.",
    "duplicates": "Share of the last three days of each month that comes again in the next one.",
    "conflicting_labels": "Share of labels that the same source contradicts.",
    "drift": "Share of the last month's purchases that become travel, three times as dear.",
    "imbalance": "Share of purchases that become groceries.",
}
_HISTORY_NAMES = ("messages", "workspaces", "spaces", "seed", "end", "days", "questions")

target_option = click.option(
    "--target",
    type=click.Choice(["duckdb", "postgres", "databricks"]),
    default="duckdb",
    show_default=True,
    help="Engine to load into.",
)


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


def ledger_arguments(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a ledger; it receives one `options` instead of each."""
    for name, text in reversed(_LEAKS.items()):
        option = click.option(
            f"--{name.replace('_', '-')}",
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help=text,
        )
        command = option(command)

    @click.option("--transactions", default=20_000, show_default=True, help="How many.")
    @click.option("--months", default=12, show_default=True, help="Calendar months.")
    @click.option("--seed", default=7, show_default=True, help="Another seed, another ledger.")
    @click.option(
        "--end",
        type=click.DateTime(["%Y-%m-%d"]),
        help="Day before which it ends, UTC.  [default: the first of this month]",
    )
    @functools.wraps(command)
    def with_options(
        *, transactions: int, months: int, seed: int, end: datetime | None, **values: Any
    ) -> R:
        leaks = Leaks(**{name: values.pop(name) for name in _LEAKS})
        try:
            options = LedgerOptions(
                end=(end or datetime.now(UTC).replace(day=1)).date(),
                transactions=transactions,
                months=months,
                seed=seed,
                leaks=leaks,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        return command(options=options, **values)

    return with_options


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
