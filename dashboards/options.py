"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people or for programs.",
)
verbose = click.option("-v", "--verbose", count=True, help="Log more; twice for all.")
target = click.option(
    "--target",
    envvar="GENIE_TARGET",
    default="duckdb",
    show_default=True,
    help="Output of profiles.yml.",
)
definition = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("ops/databricks/dashboards/genie_observability.lvdash.json"),
    show_default=True,
    help="The dashboard as AI/BI takes it.",
)
