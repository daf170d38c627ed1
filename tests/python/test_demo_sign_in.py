"""Signing in to the simulated workspaces, and tokens that expire."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import Unauthenticated

from demo.history import History, HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "0b1c2d3e-0000-4000-8000-000000000001", "secret"
SPACES = "/api/2.0/genie/spaces"


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = END

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=50))


@pytest.fixture(scope="module")
def site(history: History) -> Iterator[SimulatedWorkspaces]:
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET) as served:
        yield served


def connect(url: str, secret: str = CLIENT_SECRET) -> WorkspaceClient:
    return WorkspaceClient(
        config=Config(
            host=url,
            client_id=CLIENT_ID,
            client_secret=secret,
            auth_type="oauth-m2m",
            retry_timeout_seconds=5,
        )
    )


def test_a_wrong_secret_does_not_sign_in(site: SimulatedWorkspaces) -> None:
    url = next(iter(site.urls.values()))

    with pytest.raises(ValueError, match="invalid_client"):
        connect(url, "wrong").genie.list_spaces()
    answer = requests.post(f"{url}/oidc/v1/token", auth=(CLIENT_ID, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_errors_have_the_form_of_databricks(site: SimulatedWorkspaces) -> None:
    url = next(iter(site.urls.values()))

    answers = [
        requests.get(f"{url}{SPACES}", headers=headers, timeout=5)
        for headers in ({}, {"Authorization": "Bearer stolen"})
    ]

    for answer in answers:
        assert answer.status_code == 401
        assert list(answer.json()) == ["error_code", "message", "details"]
        assert answer.json()["details"][0]["request_id"]


def test_an_expired_token_is_refused_and_the_sdk_renews_it(history: History) -> None:
    clock = Clock()
    with SimulatedWorkspaces(
        history, CLIENT_ID, CLIENT_SECRET, token_seconds=30, clock=clock
    ) as site:
        url = next(iter(site.urls.values()))
        client = connect(url)
        client.genie.list_spaces()
        headers = client.config.authenticate()
        clock.now += timedelta(seconds=31)

        expired = requests.get(f"{url}{SPACES}", headers=headers, timeout=5)
        client.genie.list_spaces()

    assert expired.status_code == 401
    assert site.sign_ins["token"] >= 2


def test_an_expired_token_reaches_the_sdk_as_unauthenticated(history: History) -> None:
    clock = Clock()
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, clock=clock) as site:
        client = connect(next(iter(site.urls.values())))
        client.genie.list_spaces()
        clock.now += timedelta(hours=2)

        with pytest.raises(Unauthenticated):
            client.genie.list_spaces()
