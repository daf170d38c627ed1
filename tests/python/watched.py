"""A small dbt project with a source for each thing that can be wrong with one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml
from harness import ROOT, Project
from prometheus_client.parser import text_string_to_metric_families

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
AGES = {"fresh": HOUR, "warned": 2 * DAY, "stale": 5 * DAY, "future": -5 * HOUR}
STATES = {
    "fresh": "pass",
    "warned": "warn",
    "stale": "error",
    "future": "future",
    "empty": "empty",
    "absent_table": "runtime_error",
    "absent_column": "runtime_error",
    "day": "runtime_error",
    "text": "runtime_error",
    "excluded": "not_run",
    "berlin": "future",
    "berlin_cast": "pass",
}

_POLICY = {
    "warn_after": {"count": 1, "period": "day"},
    "error_after": {"count": 3, "period": "day"},
}
_SPECIAL: dict[str, dict[str, Any]] = {
    "absent_column": {"identifier": "fresh", "config": {"loaded_at_field": "nonesuch"}},
    "excluded": {"identifier": "fresh"},
    "berlin_cast": {
        "identifier": "berlin",
        "config": {"loaded_at_field": "loaded_at at time zone 'Europe/Berlin'"},
    },
    "unwatched": {"identifier": "fresh", "config": {"freshness": None}},
}


@dataclass
class Watched(Project):
    """The small project on a database of its own."""

    artifacts: bool = True

    @property
    def dbt_folder(self) -> Path:
        return self.folder / "dbt"

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "DBT_PROJECT_DIR": str(self.dbt_folder),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }

    def write(self) -> None:
        """Write what dbt reads."""
        models = self.dbt_folder / "models"
        models.mkdir(parents=True)
        settings = {
            "name": "watched",
            "profile": "genie_observability",
            "flags": {"send_anonymous_usage_stats": False},
        }
        (self.dbt_folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
        source = {
            "name": "raw",
            "schema": "raw",
            "config": {"loaded_at_field": "loaded_at", "freshness": _POLICY},
            "tables": [{"name": name, **_SPECIAL.get(name, {})} for name in (*STATES, "unwatched")],
        }
        (models / "sources.yml").write_text(yaml.safe_dump({"sources": [source]}))

    def load(self) -> None:  # type: ignore[override]
        """Create the tables and fill them."""
        now = datetime.now(UTC).replace(tzinfo=None)
        with self.warehouse.transaction() as transaction:
            transaction.execute("create schema raw")
            for name, age in AGES.items():
                transaction.execute(f"create table raw.{name} (loaded_at timestamp)")
                transaction.execute(f"insert into raw.{name} values (?)", [now - age])
            transaction.execute("create table raw.empty (loaded_at timestamp)")
            transaction.execute("create table raw.day (loaded_at date)")
            transaction.execute("insert into raw.day values (?)", [date(2026, 1, 1)])
            transaction.execute("create table raw.text (loaded_at varchar(30))")
            transaction.execute("insert into raw.text values ('2026-01-01 00:00:00')")
            # what a clock on a wall in Berlin showed half an hour ago: without its zone it is an
            # hour or two ahead
            transaction.execute("create table raw.berlin (loaded_at timestamp)")
            transaction.execute(
                "insert into raw.berlin select cast(? as timestamptz) at time zone 'Europe/Berlin'",
                [datetime.now(UTC) - HOUR / 2],
            )

    def export(self, *arguments: str, expect: int | None = 0) -> CompletedProcess[str]:
        return self.run(sys.executable, "-m", "exporters", *arguments, expect=expect)


Series = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


@dataclass(frozen=True)
class Metrics:
    """What an exporter told, read by Prometheus' own grammar."""

    text: str

    @property
    def values(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def get(self, name: str, /, **labels: str) -> float | None:
        return self.values.get((name, frozenset(labels.items())))

    def states(self) -> dict[str, str]:
        """The state of each source, by table; more than one for a table is an error."""
        found: dict[str, str] = {}
        for (name, labels), value in self.values.items():
            if name == "dbt_source_freshness_status" and value == 1:
                named = dict(labels)
                assert named["table"] not in found
                found[named["table"]] = named["status"]
        return found

    def without_own(self) -> set[str]:
        """Lines of values, without those on how the exporter fared."""
        return {
            line
            for line in self.text.splitlines()
            if not re.match(r"(# \w+ )?dbt_freshness_exporter_", line)
        }
