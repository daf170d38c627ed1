"""How the exporter fails; every text is one line for the person at the terminal.

ExporterError
├── ArtifactError   an artifact of dbt is absent or cannot be read
├── DbtError        dbt could not check the sources
└── OutputError     the metrics could not be written or pushed
"""

from __future__ import annotations


class ExporterError(Exception):
    """Something that a person has to mend."""


class ArtifactError(ExporterError):
    """A manifest, sources.json or run_results.json that is absent or no such thing."""


class DbtError(ExporterError):
    """dbt ended without having checked anything, or did not end."""


class OutputError(ExporterError):
    """A place that does not take the metrics."""
