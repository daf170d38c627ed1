"""Credentials from a secret scope: read once, used everywhere, shown nowhere."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from harness import CLIENT_SECRET, Project

from demo.history import History, HistoryOptions, build_history
from demo.rules import Rules
from demo.server import SimulatedWorkspaces

AMBIENT = ("HOST", "CLIENT_ID", "CLIENT_SECRET")
END = datetime(2026, 11, 20, 15, tzinfo=UTC)
FETCHING = (
    ("messages", "--limit", "3"),
    ("spaces",),
    ("conversations",),
    ("evals",),
    ("comments",),
)


@dataclass
class Site:
    project: Project
    history: History
    served: SimulatedWorkspaces

    @property
    def first_url(self) -> str:
        return next(iter(self.served.urls.values()))

    def shows(self, text: str) -> bool:
        """Whether the secret is in a text or in the database, plainly or as the API sends it."""
        stored = self.project.database.read_bytes()
        encoded = base64.b64encode(CLIENT_SECRET.encode()).decode()
        return any(form in text or form.encode() in stored for form in (CLIENT_SECRET, encoded))


@pytest.fixture(scope="module")
def built(make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]) -> Site:
    history = build_history(
        HistoryOptions(end=END, messages=60, restricted_share=0, deleted_share=0, in_flight=0)
    )
    good = {"sp_client_id": history.observer.name, "sp_client_secret": CLIENT_SECRET}
    rules = Rules(
        secret_scopes={
            "genie-obs": {name: text + "\n" for name, text in good.items()},
            "half": {"sp_client_id": history.observer.name},
            "blank": good | {"sp_client_secret": ""},
            "stale": good | {"sp_client_secret": "rotated-away"},
            "closed": good,
        },
        closed_scopes=frozenset({"closed"}),
    )
    served = serve(history, rules=rules)
    project = make_project()
    project.load(history, served.urls)
    project.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
        *("--select", "+genie_messages_to_fetch", "+genie_comments_to_fetch", "+genie_eval_runs"),
        *("+genie_spaces_to_fetch", "+genie_conversations"),
    )
    return Site(project, history, served)


@pytest.fixture
def site(built: Site, make_project: Callable[[], Project]) -> Site:
    """A copy of the database; the ambient caller has no rights on what others asked."""
    project = make_project()
    project.database.write_bytes(built.project.database.read_bytes())
    site = Site(project, built.history, built.served)
    project.extra |= {
        "DATABRICKS_HOST": site.first_url,
        "DATABRICKS_CLIENT_ID": built.history.asker.name,
        "DATABRICKS_CLIENT_SECRET": CLIENT_SECRET,
    }
    return site


@pytest.mark.parametrize("command", FETCHING, ids=[words[0] for words in FETCHING])
def test_every_fetching_command_signs_in_with_the_scope(
    site: Site, command: tuple[str, ...]
) -> None:
    before = site.served.calls["get_secret"]
    finished = site.project.ingest(*command, "--secrets-scope", "genie-obs", "-vv")
    assert site.served.calls["get_secret"] - before == 2
    assert not site.shows(finished.stdout + finished.stderr)


def test_the_workspaces_are_called_by_the_principal_of_the_scope(site: Site) -> None:
    refused = site.project.ingest("messages", "--limit", "3", expect=2)
    assert "could not be fetched" in refused.stderr
    site.project.ingest("spaces", "--secrets-scope", "genie-obs")
    configured = "select count(*) from genie_raw.spaces where payload like '%serialized_space%'"
    assert site.project.value(configured) > 0


def use_profile(site: Site, host: str, folder: Path) -> None:
    """Have the SDK find its configuration in a file instead of the environment."""
    found = {name: site.project.extra.pop(f"DATABRICKS_{name}") for name in AMBIENT}
    profile = folder / "profiles.cfg"
    lines = [f"{name.lower()} = {value}" for name, value in (found | {"HOST": host}).items()]
    profile.write_text("\n".join(["[DEFAULT]", *lines]))
    site.project.extra["DATABRICKS_CONFIG_FILE"] = str(profile)


def test_a_profile_of_the_sdk_leads_to_the_scope(site: Site, tmp_path: Path) -> None:
    use_profile(site, site.first_url, tmp_path)
    site.project.ingest("spaces", "--secrets-scope", "genie-obs")


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("absent", "secret scope absent, key sp_client_id"),
        ("half", "secret scope half, key sp_client_secret"),
        ("closed", "grant READ on the scope (`databricks secrets put-acl closed PRINCIPAL READ`)"),
        ("blank", "secret scope blank, key sp_client_secret"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(site: Site, scope: str, told: str) -> None:
    finished = site.project.ingest("messages", "--secrets-scope", scope, expect=1)
    (line,) = finished.stderr.strip().splitlines()
    assert told in line
    assert not site.shows(finished.stdout + finished.stderr)
    last = "select outcome from genie_raw.ingest_runs order by event_at desc limit 1"
    assert site.project.value(last) == "failed"


def test_a_secret_that_is_refused_is_told_without_it(site: Site) -> None:
    finished = site.project.ingest("messages", "--secrets-scope", "stale", expect=1)
    (line,) = finished.stderr.strip().splitlines()
    assert "correct the client id and secret in the secret scope" in line
    assert "rotated-away" not in line


def test_no_credential_goes_to_a_host_that_is_not_allowed(site: Site, tmp_path: Path) -> None:
    site.project.extra["DATABRICKS_HOST"] = "https://workspace.example.com"
    finished = site.project.ingest("messages", "--secrets-scope", "genie-obs", expect=1)
    assert "workspace.example.com is not a Databricks domain" in finished.stderr
    before = site.served.sign_ins["token"]
    # it answers, and is no loopback address by name
    use_profile(site, site.first_url.replace("127.0.0.1", "0.0.0.0"), tmp_path)
    finished = site.project.ingest("messages", "--secrets-scope", "genie-obs", expect=1)
    assert "0.0.0.0: credentials are sent over https only" in finished.stderr
    assert site.served.sign_ins["token"] == before


def test_without_a_workspace_it_says_how_to_name_one(site: Site) -> None:
    for name in AMBIENT:
        del site.project.extra[f"DATABRICKS_{name}"]
    finished = site.project.ingest("messages", "--secrets-scope", "genie-obs", expect=1)
    (line,) = finished.stderr.strip().splitlines()
    assert "set DATABRICKS_HOST" in line


def test_the_simulated_workspace_refuses_as_databricks_does(site: Site) -> None:
    path = f"{site.first_url}/api/2.0/secrets/get"
    asked = {"scope": "genie-obs", "key": "sp_client_id"}
    assert requests.get(path, params=asked, timeout=5).status_code == 401
    token = requests.post(
        f"{site.first_url}/oidc/v1/token",
        auth=(site.history.observer.name, CLIENT_SECRET),
        timeout=5,
    ).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    answer = requests.get(path, params={"scope": "genie-obs"}, headers=header, timeout=5)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    answer = requests.get(path, params=asked | {"scope": "closed"}, headers=header, timeout=5)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    answer = requests.get(path, params=asked | {"key": "x"}, headers=header, timeout=5)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
