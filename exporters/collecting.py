"""Where an export comes from: a run of dbt, or what earlier ones left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.exporting import Collector, Families

if TYPE_CHECKING:
    from exporters.archive import Evidence
    from exporters.dbt import Dbt
    from warehouse import Warehouse


def collect_by_dbt(
    dbt: Dbt, archive: Path, open_warehouse: Callable[[], Warehouse] | None, last: Families
) -> Sequence[Collector]:
    """Check the sources by dbt; what came of nodes is in the archive, if there is one.

    Args:
        dbt: How to call it.
        archive: Folder of earlier runs; it may be absent.
        open_warehouse: Opens what models with metrics are read from; None to leave them out.
        last: What was told before.

    Raises:
        DbtError: dbt checked nothing.
        ArtifactError: an artifact cannot be read.
    """
    manifest, checks = dbt.check_sources(meanwhile=_import_collectors)
    from exporters.archive import Evidence, newest_results

    collectors = _collectors(Evidence(manifest, checks, newest_results(archive)), last)
    if open_warehouse is None or not any("prometheus" in n.meta for n in manifest.nodes.values()):
        return collectors
    from exporters.gold import GoldCollector

    return [*collectors, GoldCollector(manifest, open_warehouse)]


def collect_from(artifacts: Path, last: Families) -> Sequence[Collector]:
    """Read the artifacts of a run, or of an archive of runs.

    Raises:
        ArtifactError: there are none, or one cannot be read.
    """
    from exporters.archive import read_evidence

    return _collectors(read_evidence(artifacts), last)


def _import_collectors() -> None:
    """Import what is needed when dbt has ended."""
    import exporters.archive
    import exporters.freshness
    import exporters.readiness
    import exporters.results  # noqa: F401 - for its side effect, as are those above


def _collectors(evidence: Evidence, last: Families) -> Sequence[Collector]:
    from exporters.freshness import FreshnessCollector, loaded_times
    from exporters.readiness import ExposureCollector
    from exporters.results import ResultCollector

    # what was told before takes long to read, and is seldom needed
    last_loaded = loaded_times(last) if evidence.checks.failed else {}
    return [
        FreshnessCollector(evidence.manifest, evidence.checks, last_loaded),
        ResultCollector(evidence),
        ExposureCollector(evidence, datetime.now(UTC)),
    ]
