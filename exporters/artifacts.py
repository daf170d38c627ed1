"""Reads the artifacts of dbt: manifest.json, sources.json, run_results.json and its structured log.

Only what metrics and gate need is kept. dbt is not imported: files may come from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from exporters.errors import ArtifactError

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Source:
    """A source of the manifest with a freshness policy; thresholds in seconds, None for none."""

    unique_id: str
    source: str
    table: str
    warn_after: float | None
    error_after: float | None


@dataclass(frozen=True, slots=True)
class Node:
    """A model, seed, snapshot, test or source of the manifest.

    Attributes:
        unique_id: What artifacts call it.
        resource_type: model, seed, snapshot, test, unit_test, source...
        name: What people call it.
        depends_on: Unique ids of its parents.
        severity: Of a test that fails: error or warn.
        attached_to: Unique id of the node that a generic test is written at.
        relation: Its table, as SQL names it.
        materialized: How it is stored; ephemeral is not at all.
        meta: Its `config.meta`.
        private: Columns whose meta says `contains: personal_data`.
    """

    unique_id: str
    resource_type: str
    name: str
    depends_on: tuple[str, ...]
    severity: str
    attached_to: str | None
    relation: str | None
    materialized: str
    meta: Mapping[str, Any]
    private: Set[str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a project declares: sources with a policy, nodes, exposures; each by unique id."""

    project: str
    generated_at: datetime
    sources: Mapping[str, Source]
    nodes: Mapping[str, Node]
    exposures: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Check:
    """What `dbt source freshness` found of a source; max_loaded_at is year 1 for an empty one."""

    unique_id: str
    max_loaded_at: datetime
    snapshotted_at: datetime


@dataclass(frozen=True, slots=True)
class Checks:
    """What `dbt source freshness` found.

    Attributes:
        found: Checks by unique id.
        failed: Why a source could not be checked, by unique id.
        missed: Sources that the last report may have left out because they could not be checked.
    """

    found: Mapping[str, Check]
    failed: Mapping[str, str]
    missed: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """One sources.json; `log_read` if dbt's log of the same run says what the report leaves out."""

    created_at: datetime
    checks: Checks
    log_read: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a dbt run made of one node; `failures` are rows of a test, None if it did not run."""

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    started_at: datetime
    completed_at: datetime


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.json.

    Raises:
        ArtifactError: it is absent or no manifest.
    """
    document = _load(path)
    try:
        metadata = document["metadata"]
        project = str(metadata["project_name"])
        sources = document["sources"]
        policies = (_source(source, project) for source in sources.values())
        others = (document["nodes"], document.get("unit_tests", {}), sources)
        return Manifest(
            project=project,
            generated_at=_moment(metadata["generated_at"]),
            sources={policy.unique_id: policy for policy in policies if policy},
            nodes={key: _node(node) for group in others for key, node in group.items()},
            exposures={key: _node(node) for key, node in document["exposures"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(path, "manifest", error) from None


def read_report(path: Path, events: Iterable[Mapping[str, Any]] = ()) -> Report:
    """Read a sources.json, in which sources that could not be checked are absent.

    Args:
        path: The file.
        events: dbt's structured log, which has them; those of other runs do not matter.

    Raises:
        ArtifactError: it is absent or no such report.
    """
    document = _load(path)
    try:
        metadata, results = document["metadata"], document["results"]
        # dbt before 1.11 did name what it could not check
        failed = {
            r["unique_id"]: str(r["error"]) for r in results if r["status"] == "runtime error"
        }
        found = {r["unique_id"]: _check(r) for r in results if r["unique_id"] not in failed}
        created_at = _moment(metadata["generated_at"])
        log = [e for e in events if e["info"]["invocation_id"] == metadata["invocation_id"]]
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "sources.json", error) from None
    return Report(created_at, Checks(found, failed | _failed_checks(log)), log_read=bool(log))


def read_results(path: Path) -> list[Result]:
    """Read a run_results.json; nodes that a run skipped have its time of creation.

    Raises:
        ArtifactError: it is absent or no such report.
    """
    document = _load(path)
    try:
        created_at = _moment(document["metadata"]["generated_at"])
        return [_result(result, created_at) for result in document["results"]]
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "run_results.json", error) from None


def read_log(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the events of dbt's structured log; other lines, such as Python's warnings, are not."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "info" in event and "data" in event:
            yield event


def invocation_of(path: Path) -> tuple[str, datetime]:
    """Return the id of the dbt run that wrote an artifact, and when it did.

    Raises:
        ArtifactError: it is absent or no artifact.
    """
    try:
        metadata = _load(path)["metadata"]
        return str(metadata["invocation_id"]), _moment(metadata["generated_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "artifact of dbt", error) from None


def _failed_checks(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    failed: dict[str, str] = {}
    for event in events:
        name, data = event["info"]["name"], event["data"]
        unique_id = data.get("node_info", {}).get("unique_id", "")
        if name == "LogFreshnessResult" and data.get("status") == "runtime error":
            failed.setdefault(unique_id, "dbt does not say why")
        elif name == "RunResultError" and unique_id in failed:
            failed[unique_id] = str(data.get("msg", ""))
    return failed


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ArtifactError(f"no {path}: it is written by dbt") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, "artifact of dbt", error) from None


def _unreadable(path: Path, what: str, error: Exception) -> ArtifactError:
    return ArtifactError(f"{path} is no {what} that can be read: {type(error).__name__}: {error}")


def _source(source: Mapping[str, Any], project: str) -> Source | None:
    policy = source["freshness"] or {}
    warn_after, error_after = (_seconds(policy.get(f"{name}_after")) for name in ("warn", "error"))
    if warn_after is None and error_after is None:
        return None
    own = source["package_name"] == project
    name = source["source_name"]
    return Source(
        unique_id=source["unique_id"],
        # packages may have sources of the same name
        source=name if own else f"{source['package_name']}.{name}",
        table=source["name"],
        warn_after=warn_after,
        error_after=error_after,
    )


def _seconds(threshold: Mapping[str, Any] | None) -> float | None:
    if not threshold or threshold.get("count") is None:
        return None
    return float(threshold["count"] * _SECONDS[threshold["period"]])


def _node(node: Mapping[str, Any]) -> Node:
    config, columns = node.get("config") or {}, node.get("columns") or {}
    return Node(
        unique_id=node["unique_id"],
        resource_type=node["resource_type"],
        name=node["name"],
        depends_on=tuple((node.get("depends_on") or {}).get("nodes", ())),
        severity=str(config.get("severity") or "error").lower(),
        attached_to=node.get("attached_node"),
        relation=node.get("relation_name"),
        materialized=str(config.get("materialized") or ""),
        meta=config.get("meta") or node.get("meta") or {},
        private={name for name, column in columns.items() if _is_private(column)},
    )


def _is_private(column: Mapping[str, Any]) -> bool:
    meta = (column.get("config") or {}).get("meta") or column.get("meta") or {}
    return meta.get("contains") == "personal_data"


def _check(result: Mapping[str, Any]) -> Check:
    return Check(
        unique_id=result["unique_id"],
        max_loaded_at=_moment(result["max_loaded_at"]),
        snapshotted_at=_moment(result["snapshotted_at"]),
    )


def _result(result: Mapping[str, Any], created_at: datetime) -> Result:
    timing = {step["name"]: step for step in result["timing"]}
    ran = timing.get("execute", {})
    started, completed = ran.get("started_at"), ran.get("completed_at")
    return Result(
        unique_id=result["unique_id"],
        status=result["status"],
        seconds=float(result["execution_time"]),
        failures=result.get("failures"),
        started_at=_moment(started) if started else created_at,
        completed_at=_moment(completed) if completed else created_at,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
