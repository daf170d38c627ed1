"""What the spaces were before their owners edited them.

The present of a space is given, and what was before each edit follows from it, the last edit first;
the first two of them are in the audit log (`demo.audit_events`), the third is not.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from demo.ids import hex_id
from demo.model import HistoryOptions, Space

Json = dict[str, Any]

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000


class Version(NamedTuple):
    """A space from a moment on, until the next version."""

    from_ms: int
    space: Space


def space_versions(options: HistoryOptions, space: Space) -> tuple[Version, ...]:
    """Return the versions of a space, oldest first; the last is the present one."""
    made_ms = space.created_ms + 7 * _MINUTE_MS
    edits = [(made_ms + day * _DAY_MS, undo) for day, undo in _EDITS.items() if day < options.days]
    versions: list[Version] = []
    for at_ms, undo in reversed(edits):
        versions.append(Version(at_ms, space))
        space = undo(space)
    return (Version(space.created_ms, space), *reversed(versions))


def _before_the_join(space: Space) -> Space:
    """Undo: a second table with its join, another instruction, one more benchmark."""
    config = json.loads(space.serialized_space)
    tables = _list(config, "data_sources", "tables")
    joins = _list(config, "instructions", "join_specs")
    joined = {join["right"]["identifier"] for join in joins}
    tables[:] = [table for table in tables if table["identifier"] not in joined]
    joins.clear()
    for instruction in _list(config, "instructions", "text_instructions"):
        instruction["content"] = instruction["content"][:-1]
    del _list(config, "benchmarks", "questions")[-1:]
    return _with(space, config)


def _before_the_new_title(space: Space) -> Space:
    """Undo: a title, without a table and a sample question, another measure."""
    config = json.loads(space.serialized_space)
    tables = _list(config, "data_sources", "tables")
    tables.append({"identifier": f"{tables[0]['identifier']}_retired"})
    tables.sort(key=lambda table: str(table["identifier"]))
    samples = _list(config, "config", "sample_questions")
    if samples:
        identifier = hex_id(space.space_id, "sample", "retired")
        samples.append({"id": identifier, "question": ["What did we retire?"]})
        samples.sort(key=lambda sample: str(sample["id"]))
    for measure in _list(config, "instructions", "sql_snippets", "measures")[:1]:
        measure["sql"] = [f"ROUND({line})" for line in measure["sql"]]
    return replace(_with(space, config), title=f"{space.title} (draft)")


def _before_the_new_warehouse(space: Space) -> Space:
    """Undo: another warehouse, a description."""
    old = hex_id(space.space_id, "warehouse", "old")[-len(space.warehouse_id) :]
    return replace(space, warehouse_id=old, description="")


# days after the space was made; the audit log has an edit of every ninth day up to the eighteenth
_EDITS: dict[int, Callable[[Space], Space]] = {
    9: _before_the_join,
    18: _before_the_new_title,
    27: _before_the_new_warehouse,
}


def _list(config: Json, *path: str) -> list[Json]:
    """Return the list at a path, or an empty one that is not part of the configuration."""
    found: Any = config
    for key in path:
        found = found.get(key, {})
    return found or []


def _with(space: Space, config: Json) -> Space:
    """Return the space with a configuration; keys are absent when their lists are empty."""
    return replace(space, serialized_space=json.dumps(_pruned(config), ensure_ascii=False))


def _pruned(config: Json) -> Json:
    kept: Json = {}
    for key, value in config.items():
        inner = _pruned(value) if isinstance(value, dict) else value
        if inner not in ([], {}):
            kept[key] = inner
    return kept


def sightings(options: HistoryOptions, space: Space) -> Iterator[tuple[int, Space]]:
    """Yield when a daily fetch would have seen a space, and as what, but for the last day's."""
    versions = space_versions(options, space)
    for day in range(options.days - 1):
        at_ms = options.start_ms + day * _DAY_MS + 300 * _MINUTE_MS
        yield at_ms, [version.space for version in versions if version.from_ms <= at_ms][-1]
