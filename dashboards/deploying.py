"""Brings the dashboard into a workspace by the SDK's Lakeview API, and shows it to readers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboards.errors import DeploymentError
from warehouse.text import scrub

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.dashboards import Dashboard

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a workspace should show.

    Attributes:
        name: People see it; there is one of it in the folder.
        definition: Text of the file, catalog and schema put in by `placed`.
        warehouse_id: SQL warehouse that runs its queries.
        folder: Workspace folder; None is that of whoever deploys.
        embed_credentials: Readers see what who published it may see; else what they may.
    """

    name: str
    definition: str
    warehouse_id: str
    folder: str | None
    embed_credentials: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: a dashboard made or changed, and then published.

    Attributes:
        found: The dashboard as it is; None if there is none.
        changes: What differs, one line each.
        is_published: Readers see the newest draft, by the warehouse and credentials wanted.
    """

    found: Dashboard | None
    changes: tuple[str, ...]
    is_published: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return self.found is not None and not self.changes and self.is_published


def placed(text: str, catalog: str, schema: str) -> str:
    """Return a definition whose datasets read a catalog and schema."""
    found = json.loads(text)
    for dataset in found["datasets"]:
        dataset |= {"catalog": catalog, "schema": schema}
    return json.dumps(found, ensure_ascii=False)


def plan(client: WorkspaceClient, wanted: Wanted) -> Plan:
    """Compare what is wanted with what is there.

    Raises:
        DeploymentError: the workspace refuses, or has several of the name.
    """
    from databricks.sdk.errors.base import DatabricksError

    try:
        found = _find(client, wanted)
        if found is None:
            return Plan(None, (f"dashboard {wanted.name}: create",), is_published=False)
        return Plan(found, tuple(_changes(found, wanted)), _is_published(client, found, wanted))
    except DatabricksError as error:
        raise _refused(error) from error


def carry_out(client: WorkspaceClient, wanted: Wanted, todo: Plan) -> str:
    """Make or change the dashboard, publish it, and return its id.

    Raises:
        DeploymentError: the workspace refuses, or another has changed it in between.
    """
    from databricks.sdk.errors.base import DatabricksError
    from databricks.sdk.service.dashboards import Dashboard

    draft = Dashboard(
        display_name=wanted.name,
        serialized_dashboard=wanted.definition,
        warehouse_id=wanted.warehouse_id,
    )
    try:
        if todo.found is None:
            draft.parent_path = wanted.folder
            dashboard_id = str(client.lakeview.create(draft).dashboard_id)
        else:
            dashboard_id = str(todo.found.dashboard_id)
            if todo.changes:
                draft.etag = todo.found.etag
                client.lakeview.update(dashboard_id, draft)
        client.lakeview.publish(
            dashboard_id,
            embed_credentials=wanted.embed_credentials,
            warehouse_id=wanted.warehouse_id,
        )
    except DatabricksError as error:
        raise _refused(error) from error
    return dashboard_id


def _find(client: WorkspaceClient, wanted: Wanted) -> Dashboard | None:
    named = [
        client.lakeview.get(str(one.dashboard_id))
        for one in client.lakeview.list(page_size=100)
        if one.display_name == wanted.name
    ]
    if wanted.folder is not None:
        # the workspace answers without the first folder
        folder = wanted.folder.rstrip("/").removeprefix("/Workspace")
        named = [one for one in named if one.parent_path == folder]
    if len(named) > 1:
        folders = ", ".join(str(one.parent_path) for one in named)
        raise DeploymentError(
            f"{len(named)} dashboards are called {wanted.name!r}, in {folders}: give --folder"
        )
    return named[0] if named else None


def _changes(found: Dashboard, wanted: Wanted) -> Iterator[str]:
    if found.warehouse_id != wanted.warehouse_id:
        yield f"warehouse: {found.warehouse_id or 'none'} to {wanted.warehouse_id}"
    old = _parts(json.loads(found.serialized_dashboard or "{}"))
    new = _parts(json.loads(wanted.definition))
    for name in {**old, **new}:
        if name not in old:
            yield f"{name}: add"
        elif name not in new:
            yield f"{name}: remove"
        elif old[name] != new[name]:
            yield f"{name}: change"


def _parts(definition: Json) -> Mapping[str, Any]:
    """Return what is told apart, by name: datasets, pages, widgets, settings."""
    parts: Json = {f"dataset {one['name']}": one for one in definition.get("datasets", [])}
    for page in definition.get("pages", []):
        parts[f"page {page['name']}"] = {key: page[key] for key in page if key != "layout"}
        for item in page.get("layout", []):
            parts[f"widget {item['widget']['name']}"] = item
    parts["settings"] = definition.get("uiSettings")
    return parts


def _is_published(client: WorkspaceClient, found: Dashboard, wanted: Wanted) -> bool:
    from databricks.sdk.errors import NotFound

    try:
        shown = client.lakeview.get_published(str(found.dashboard_id))
    except NotFound:
        return False
    if not shown.revision_create_time or not found.update_time:
        return False
    is_newest = _time(shown.revision_create_time) >= _time(found.update_time)
    return (is_newest, shown.warehouse_id, bool(shown.embed_credentials)) == (
        *(True, wanted.warehouse_id, wanted.embed_credentials),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _refused(error: Exception) -> DeploymentError:
    return DeploymentError(f"the workspace refuses: {scrub(str(error))}")
