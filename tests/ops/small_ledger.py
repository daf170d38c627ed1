"""A ledger that the real dbt checks within seconds: the shipped sources, and no models."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import yaml
from harness import ROOT
from watched import Watched

SOURCES = ROOT / "models/ml/staging/_ml__sources.yml"


@dataclass
class Ledger(Watched):
    """A dbt project of its own on a database of its own."""

    def write(self) -> None:
        models = self.dbt_folder / "models"
        models.mkdir(parents=True)
        settings = {
            "name": "genie_observability",
            "profile": "genie_observability",
            "vars": {"schema_prefix": ""},
            "flags": {"send_anonymous_usage_stats": False},
        }
        (self.dbt_folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
        shutil.copy(SOURCES, models)

    def add_row(self, table: str, age: timedelta) -> None:
        loaded_at = datetime.now(UTC).replace(tzinfo=None) - age
        with self.warehouse.transaction() as transaction:
            transaction.execute(f"insert into ledger.{table} (loaded_at) values (?)", [loaded_at])
