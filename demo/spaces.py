"""Workspaces and the Genie spaces in them."""

import json
from collections.abc import Sequence

from demo.ids import hex_id, numeric_id
from demo.model import HistoryOptions, Principal, Space, Workspace
from demo.questions import Question
from demo.space_config import bare_config, domain_named, full_config, old_config, tables_of

_NAMES = ("analytics-prod", "analytics-dev", "finance-prod", "emea-reporting", "apac-reporting")
_WORKSPACE_ID_DIGITS = 16
_WAREHOUSE_ID_DIGITS = 16
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_BARE_SPACE = 1
_OLD_SPACE = 3
_FEWEST_FOR_RESTRICTED = 3


def build_workspaces(options: HistoryOptions) -> tuple[Workspace, ...]:
    """Return the workspaces, all created a year before the history starts."""
    created_ms = options.start_ms - 365 * 24 * _HOUR_MS
    return tuple(
        Workspace(
            workspace_id=numeric_id(_WORKSPACE_ID_DIGITS, options.seed, "workspace", number),
            name=_NAMES[number] if number < len(_NAMES) else f"workspace-{number + 1}",
            created_ms=created_ms + number * _HOUR_MS,
        )
        for number in range(options.workspaces)
    )


def build_spaces(
    options: HistoryOptions, workspaces: Sequence[Workspace], owners: Sequence[Principal]
) -> tuple[Space, ...]:
    """Return the spaces; the last of three or more is closed to the observer.

    The second has few settings and the fourth is of the first version of the format.
    """
    domains = list(dict.fromkeys(question.domain for question in options.questions))
    return tuple(
        _space(
            options,
            number,
            domains[number % len(domains)],
            workspaces[number % len(workspaces)],
            owners[number % len(owners)],
        )
        for number in range(options.spaces)
    )


def _space(
    options: HistoryOptions, number: int, name: str, workspace: Workspace, owner: Principal
) -> Space:
    space_id = hex_id(options.seed, "space", number)
    questions = [question for question in options.questions if question.domain == name]
    title, description = _heading(name)
    round_number = number // len({question.domain for question in options.questions}) + 1
    return Space(
        space_id=space_id,
        workspace=workspace,
        title=title if round_number == 1 else f"{title} ({round_number})",
        description=description,
        warehouse_id=hex_id(options.seed, "warehouse", workspace.workspace_id)[
            -_WAREHOUSE_ID_DIGITS:
        ],
        parent_path=f"/Users/{owner.name}/Genie",
        domain=name,
        serialized_space=_serialized(space_id, number, name, questions),
        owner=owner,
        created_ms=options.start_ms - (options.spaces - number) * _MINUTE_MS,
        tables=tuple(table.identifier for table in tables_of(name, questions)),
        is_restricted=_is_restricted(options, number),
        trashed_ms=options.end_ms - 1_000 if _is_trashed(options, number) else None,
    )


def _is_restricted(options: HistoryOptions, number: int) -> bool:
    is_last = number == options.spaces - 1
    return is_last and options.spaces >= _FEWEST_FOR_RESTRICTED and options.restricted_share > 0


def _is_trashed(options: HistoryOptions, number: int) -> bool:
    left = options.spaces - _is_restricted(options, options.spaces - 1) - options.trashed_spaces
    return left <= number and not _is_restricted(options, number)


def _heading(name: str) -> tuple[str, str]:
    domain = domain_named(name)
    if domain:
        return domain.title, domain.description
    title = name.replace("_", " ").title()
    return title, f"Questions about {title}."


def _serialized(space_id: str, number: int, name: str, questions: Sequence[Question]) -> str:
    tables = tables_of(name, questions)
    if number == _BARE_SPACE:
        config = bare_config(tables)
    elif number == _OLD_SPACE:
        config = old_config(space_id, tables, questions)
    else:
        config = full_config(space_id, name, questions)
    return json.dumps(config, ensure_ascii=False)
