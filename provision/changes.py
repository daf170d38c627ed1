"""What is to be changed, told before it is done; a second run plans nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from provision.errors import SetupError
from provision.statements import Statements


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it should be.

    Attributes:
        told: What is done, for the person at the terminal.
        make: Does it; raises SetupError.
        advice: What to do if it fails.
    """

    told: str
    make: Callable[[], object]
    advice: str = ""


def by_sql(statements: Statements, told: str, statement: str, advice: str = "") -> Change:
    """Return a change that one statement makes."""
    return Change(told, partial(statements.run, statement), advice)


def make_all(
    changes: Iterable[Change], tell: Callable[[str], None], *, goes_on: bool = False
) -> list[str]:
    """Make changes, one after the other; return what failed.

    Args:
        changes: In order.
        tell: Called with each change that is made.
        goes_on: The changes do not need each other: make the others after one that failed.

    Raises:
        SetupError: a change failed, and the others need it.
    """
    problems = []
    for change in changes:
        try:
            change.make()
        except SetupError as error:
            problem = f"{change.told}: {error}" + (f" ({change.advice})" if change.advice else "")
            if not goes_on:
                raise SetupError(problem) from error
            problems.append(problem)
        else:
            tell(change.told)
    return problems
