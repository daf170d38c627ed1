"""The bundle as a deployment fills it in: its jobs, and the commands of their tasks."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from harness import ROOT

Json = dict[str, Any]

BUNDLE: Json = yaml.safe_load((ROOT / "databricks.yml").read_text())
RESOURCES = sorted((ROOT / "ops" / "databricks" / "resources").glob("*.yml"))
FILES = [path for path in RESOURCES if path.name.endswith(".job.yml")]
# what a deployment fills in; lists are not empty, since the SDK leaves those out
VALUES: Json = {
    "bundle.name": "genie_observability",
    "bundle.target": "prod",
    "workspace.host": "https://adb-1.azuredatabricks.net",
    "workspace.file_path": str(ROOT),
    "workspace.current_user.userName": "ada@example.com",
    "workspace.current_user.short_name": "ada",
    "var.warehouse_id": "0123456789abcdef",
    "var.service_principal": "11111111-2222-3333-4444-555555555555",
    "var.catalog": "observability",
    "var.schema_prefix": "ada_",
    "var.workspace_ids": '["1234567890"]',
    "var.secrets_scope": "genie-obs",
    "var.viewers": "users",
    "var.alert_emails": ["oncall@example.com"],
}
REFERENCE = re.compile(r"\$\{([^}]+)\}")


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a part of the bundle with its references as a deployment fills them in."""
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return values[whole[1]]
    return REFERENCE.sub(lambda match: str(values[match[1]]), value)


@dataclass
class Bundle:
    """Jobs by key, each with the file that it is in."""

    values: Json = field(default_factory=lambda: VALUES)
    jobs: dict[str, tuple[Path, Json]] = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = {}
        for path in FILES:
            resources = yaml.safe_load(path.read_text())["resources"]
            assert set(resources) == {"jobs"}
            for key, job in resources["jobs"].items():
                assert key not in self.jobs
                self.jobs[key] = (path, filled(job, self.values))

    def tasks(self, kind: str) -> Iterator[tuple[str, Path, Json]]:
        for key, (path, job) in self.jobs.items():
            for task in job["tasks"]:
                if kind in task:
                    yield f"{key}.{task['task_key']}", path, task[kind]

    def tasks_of(self, key: str) -> list[str]:
        return [f"{key}.{task['task_key']}" for task in self.jobs[key][1]["tasks"]]

    @property
    def wheel_tasks(self) -> dict[str, Json]:
        return {name: task for name, _, task in self.tasks("python_wheel_task")}

    @property
    def dbt_commands(self) -> dict[str, str]:
        return {
            f"{name}.{number}": command
            for name, _, task in self.tasks("dbt_task")
            for number, command in enumerate(task["commands"])
        }


def copy_synced_files(folder: Path) -> None:
    """Copy what a deployment brings into the workspace."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    excluded = BUNDLE["sync"]["exclude"]
    for name in listed:
        if (ROOT / name).exists() and not any(fnmatchcase(name, one) for one in excluded):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
