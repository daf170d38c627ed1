"""The archive of dbt's artifacts: a folder for each run, evidence of what was built and checked."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from exporters.artifacts import (
    Check,
    Checks,
    Manifest,
    Report,
    Result,
    invocation_of,
    read_log,
    read_manifest,
    read_report,
    read_results,
)
from exporters.errors import ArtifactError, OutputError

_MANIFEST, _SOURCES, _RESULTS, _LOG = "manifest.json", "sources.json", "run_results.json", "dbt.log"

# the first is of every run
_TELLING = ("MainReportVersion", "LogFreshnessResult", "RunResultError")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The newest that is known of each source and node.

    Attributes:
        manifest: What the project declares.
        checks: What was found of sources.
        results: What came of nodes, by unique id.
    """

    manifest: Manifest
    checks: Checks
    results: Mapping[str, Result]


def read_evidence(folder: Path) -> Evidence:
    """Read the artifacts of one run, or an archive of runs: the newest of each node counts.

    Raises:
        ArtifactError: there are none, or one cannot be read.
    """
    runs = _runs(folder)
    manifests = [run / _MANIFEST for run in runs if (run / _MANIFEST).exists()]
    if not manifests:
        raise ArtifactError(f"no manifest.json in {folder}, nor in a folder of it")
    reports = [_read_report(run) for run in runs if (run / _SOURCES).exists()]
    manifest = read_manifest(manifests[-1])
    return Evidence(manifest, _newest_checks(reports, manifest), newest_results(folder))


def newest_results(folder: Path) -> dict[str, Result]:
    """Return the newest result of each node in a folder as of `read_evidence`; it may be absent.

    Raises:
        ArtifactError: a run_results.json cannot be read.
    """
    paths = (run / _RESULTS for run in _runs(folder))
    results = [result for path in paths if path.exists() for result in read_results(path)]
    return {result.unique_id: result for result in sorted(results, key=lambda r: r.completed_at)}


def archive_run(target: Path, archive: Path, *, log: Path | None, keep: int) -> Path | None:
    """Copy the artifacts of the last dbt run into a folder of the archive, and drop the oldest.

    Args:
        target: dbt's target folder; what other runs left in it stays where it is.
        archive: Folder of folders.
        log: dbt's structured log, which says what could not be checked.
        keep: How many runs stay.

    Returns:
        The folder; None if the run is there already.

    Raises:
        ArtifactError: there is no run.
        OutputError: the archive cannot be written.
    """
    invocation, created_at = invocation_of(target / _MANIFEST)
    # to the microsecond: names order runs, and small ones end within a second
    folder = archive / f"{created_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}_{invocation[:8]}"
    if folder.exists():
        return None
    paths = [target / name for name in (_SOURCES, _RESULTS) if (target / name).exists()]
    files = [path for path in paths if invocation_of(path)[0] == invocation]
    try:
        events = _events(log, invocation) if log else []
        _write([target / _MANIFEST, *files], events, folder)
        for old in _runs(archive)[:-keep]:
            shutil.rmtree(old)
    except OSError as error:
        raise OutputError(f"{archive} cannot be written: {error.strerror}") from None
    return folder


def _events(log: Path, invocation: str) -> list[str]:
    """Return the lines of a log that say what a run could not check, and that it is this run's."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        return [
            json.dumps(event)
            for event in read_log(lines)
            if event["info"]["invocation_id"] == invocation and event["info"]["name"] in _TELLING
        ]


def _write(files: Iterable[Path], events: Iterable[str], folder: Path) -> None:
    """Make a folder of files; it is seen when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as name:
        whole = Path(name) / "run"
        whole.mkdir()
        for path in files:
            shutil.copyfile(path, whole / path.name)
        (whole / _LOG).write_text("".join(f"{event}\n" for event in events), encoding="utf-8")
        whole.rename(folder)


def _runs(folder: Path) -> list[Path]:
    """Return the folders of runs, the oldest first: their names begin with their time."""
    if (folder / _MANIFEST).exists() or not folder.is_dir():
        return [folder]
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _read_report(run: Path) -> Report:
    log = run / _LOG
    if not log.exists():
        return read_report(run / _SOURCES)
    with log.open(encoding="utf-8", errors="replace") as lines:
        return read_report(run / _SOURCES, read_log(lines))


def _newest_checks(reports: Iterable[Report], manifest: Manifest) -> Checks:
    found: dict[str, Check] = {}
    failed: dict[str, str] = {}
    missed: set[str] = set()
    for report in sorted(reports, key=lambda report: report.created_at):
        checked = report.checks.found.keys() | report.checks.failed.keys()
        failed = {key: why for key, why in failed.items() if key not in checked}
        failed |= report.checks.failed
        found |= report.checks.found
        missed -= checked
        if not report.log_read:
            missed |= manifest.sources.keys() - checked
    return Checks(found, failed, missed)
