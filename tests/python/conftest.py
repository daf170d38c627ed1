"""Fixtures: real programs, real databases, a simulated workspace over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_standin import DatabricksProject, running_standin
from harness import CLIENT_SECRET, SHARED, Project
from servers import PostgresAccess, given_access, running_server

from demo.history import History
from demo.server import SimulatedWorkspaces


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no core is idle in the end."""

    def place(item: pytest.Item) -> tuple[bool, bool]:
        # minutes long, and last by its name; the two with Spark are not to begin together
        is_tour = item.path.name == "test_tour.py"
        return not is_tour, item.get_closest_marker("slow") is None

    items.sort(key=place)


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder: one for all tests of a worker, so that dbt parses the project once."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="module")
def make_project(
    tmp_path_factory: pytest.TempPathFactory, parsed_project: Path
) -> Callable[[], Project]:
    return lambda: Project(tmp_path_factory.mktemp("project"), parsed_project)


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    return make_project()


@pytest.fixture(scope="session")
def postgres_access(worker_id: str) -> Iterator[PostgresAccess]:
    """The server that GENIE_PG_* names, or one of our own, one for a worker."""
    given = given_access(worker_id)
    if given is not None:
        yield given
        return
    with running_server() as server:
        yield PostgresAccess(server.environ)


@pytest.fixture(scope="session")
def parsed_for_postgres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder for Postgres: another target would make dbt parse anew."""
    return tmp_path_factory.mktemp("target_postgres")


@pytest.fixture(scope="module")
def postgres_project(
    tmp_path_factory: pytest.TempPathFactory,
    parsed_for_postgres: Path,
    postgres_access: PostgresAccess,
) -> Project:
    """A project on an empty Postgres database; a worker has one at a time."""
    postgres_access.renew_database()
    return Project(
        tmp_path_factory.mktemp("project"),
        parsed_for_postgres,
        dict(postgres_access.environ),
        engine="postgres",
    )


@pytest.fixture(scope="module")
def databricks_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabricksProject]:
    """A project on a stand-in for Databricks with empty tables."""
    with running_standin(tmp_path_factory.mktemp("standin")) as standin:
        project = DatabricksProject(
            tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("target"), standin=standin
        )
        yield project
        project.warehouse.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., SimulatedWorkspaces]]:
    """Serve histories until the module ends."""
    sites: list[SimulatedWorkspaces] = []

    def start(history: History, **options: Any) -> SimulatedWorkspaces:
        site = SimulatedWorkspaces(history, history.observer.name, CLIENT_SECRET, **options)
        sites.append(site.__enter__())
        return site

    yield start
    for site in sites:
        site.close()


@pytest.fixture(scope="session")
def shared_samples() -> Path:
    """Real payloads that are not part of the project; tests that use them skip without."""
    folder = SHARED / "facts" / "samples"
    if not folder.is_dir():
        pytest.skip("no ../shared/facts/samples beside the project")
    return folder
