"""`genie-dashboard deploy` against the simulated workspace, by the real SDK, and the bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from bundle import VALUES, filled
from click.testing import CliRunner, Result
from databricks.sdk.service import iam
from harness import CLIENT_SECRET, ROOT, Project

from dashboards.cli import cli
from demo.drafts import Draft
from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
FILE = ROOT / "ops/databricks/dashboards/genie_observability.lvdash.json"
OPTIONS = ("--catalog", "observability", "--warehouse-id", "w1")


@dataclass
class Site:
    """A served account, and the command as somebody runs it."""

    project: Project
    served: SimulatedWorkspaces

    @property
    def drafts(self) -> list[Draft]:
        return list(self.served.dashboards.by_id.values())

    def deploy(self, *words: str, expect: int = 0, file: Path = FILE) -> Result:
        command = ("deploy", "--file", str(file), *OPTIONS, *words)
        done = CliRunner().invoke(cli, command, env=self.project.environment)
        assert done.exit_code == expect, done.output
        return done


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=0, spaces=0))


@pytest.fixture
def site(project: Project, history: History, serve: Callable[..., SimulatedWorkspaces]) -> Site:
    served = serve(history)
    project.sign_in(history, CLIENT_SECRET)
    project.extra["DATABRICKS_HOST"] = next(iter(served.urls.values()))
    return Site(project, served)


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    change(found)
    path = tmp_path / "changed.lvdash.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_it_is_made_published_and_then_left_alone(site: Site) -> None:
    would = site.deploy("--dry-run").stdout
    assert would == "would dashboard Genie Observability: create\nwould publish it\n"
    assert site.drafts == []
    assert "published Genie Observability" in site.deploy().stdout
    (draft,) = site.drafts
    datasets = json.loads(draft.serialized_dashboard)["datasets"]
    assert {(one["catalog"], one["schema"]) for one in datasets} == {
        ("observability", "genie_analytics")
    }
    assert draft.warehouse_id == "w1"
    assert draft.published is not None
    assert draft.published["embed_credentials"] is False
    assert site.deploy().stdout == "nothing to change\n"
    assert site.deploy("--dry-run").stdout == "nothing to change\n"
    assert draft.version == 1


def test_what_differs_is_told_and_brought(site: Site, tmp_path: Path) -> None:
    site.deploy()
    (draft,) = site.drafts

    def change(found: dict[str, Any]) -> None:
        found["pages"][1]["layout"][0]["widget"]["multilineTextboxSpec"]["lines"] = ["## New\n"]
        removed = found["pages"][1]["layout"].pop()
        removed["widget"]["name"] = "executive-summary-new"
        found["pages"][1]["layout"].append(removed)

    path = changed(tmp_path, change)
    told = site.deploy("--dry-run", "--schema-prefix", "ada_", file=path).stdout.splitlines()
    assert "would widget executive-summary-genie-at-a-glance: change" in told
    assert "would widget executive-summary-messages-not-fetched-yet: remove" in told
    assert "would widget executive-summary-new: add" in told
    assert "would dataset questions: change" in told
    assert told[-1] == "would publish it"
    assert draft.version == 1
    site.deploy("--warehouse-id", "w2", file=path)
    assert site.drafts == [draft]
    assert (draft.version, draft.warehouse_id) == (2, "w2")
    assert draft.published is not None
    assert draft.published["warehouse_id"] == "w2"
    assert "## New" in draft.serialized_dashboard


def test_a_draft_that_was_not_published_is(site: Site) -> None:
    site.deploy()
    (draft,) = site.drafts
    draft.published = None
    assert site.deploy("--dry-run").stdout == "would publish it\n"
    site.deploy()
    assert draft.published is not None
    assert draft.version == 1
    site.deploy("--embed-credentials")
    assert draft.published["embed_credentials"] is True


def test_of_two_of_a_name_the_folder_says_which(site: Site) -> None:
    site.deploy("--folder", "/Workspace/Shared/a")
    site.deploy("--folder", "/Workspace/Shared/b")
    assert [one.parent_path for one in site.drafts] == ["/Shared/a", "/Shared/b"]
    failed = site.deploy(expect=1).stderr
    assert failed == (
        "error: 2 dashboards are called 'Genie Observability', in /Shared/a, /Shared/b:"
        " give --folder\n"
    )
    assert site.deploy("--folder", "/Workspace/Shared/b/").stdout == "nothing to change\n"


def test_what_cannot_be_done_is_one_line(site: Site) -> None:
    secret = {"DATABRICKS_CLIENT_SECRET": "wrong"}
    site.project.extra |= secret
    failed = site.deploy(expect=1)
    assert failed.stderr.startswith("error: ")
    assert failed.stderr.count("\n") == 1
    absent = site.deploy(file=Path("absent.lvdash.json"), expect=1).stderr
    assert "run `genie-dashboard build` first" in absent


def test_the_bundle_brings_the_same() -> None:
    path = ROOT / "ops/databricks/resources/genie_observability.dashboard.yml"
    (resources,) = yaml.safe_load(path.read_text())["resources"].values()
    (dashboard,) = filled(resources, VALUES).values()
    assert (path.parent / dashboard["file_path"]).resolve() == FILE
    assert dashboard["dataset_schema"] == "ada_genie_analytics"
    assert dashboard["dataset_catalog"] == "observability"
    known = {
        *("display_name", "file_path", "warehouse_id", "dataset_catalog", "dataset_schema"),
        *("embed_credentials", "permissions"),
    }
    assert set(dashboard) == known
    for permission in dashboard["permissions"]:
        iam.PermissionLevel(permission["level"])
