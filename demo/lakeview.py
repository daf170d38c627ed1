"""AI/BI dashboards of a workspace, as `/api/2.0/lakeview/dashboards` shows and changes them."""

import json
from typing import Any

from demo.calls import Request
from demo.drafts import Draft
from demo.errors import bad_request, conflict, not_found
from demo.ids import hex_id, iso_ms

Json = dict[str, Any]

_FIELDS = ("display_name", "warehouse_id", "serialized_dashboard")


def create_dashboard(request: Request) -> Json:
    """Make a draft."""
    dashboards, body, now = request.live.dashboards, request.body, request.act.at_ms
    draft = Draft(
        dashboard_id=hex_id(0, "dashboard", now, len(dashboards.by_id)),
        display_name=request.text("display_name"),
        # the workspace leaves the first folder out of what it answers
        parent_path=str(body.get("parent_path") or f"/Users/{request.act.actor.name}").removeprefix(
            "/Workspace"
        ),
        warehouse_id=str(body.get("warehouse_id") or ""),
        serialized_dashboard=_serialized(str(body.get("serialized_dashboard") or "{}")),
        created_ms=now,
        updated_ms=now,
    )
    with dashboards.lock:
        for other in dashboards.by_id.values():
            if (other.parent_path, other.display_name) == (draft.parent_path, draft.display_name):
                raise bad_request(f"{draft.display_name} is there already.")
        dashboards.by_id[draft.dashboard_id] = draft
    return _payload(draft)


def list_dashboards(request: Request) -> Json:
    """Answer with all dashboards, without what they hold."""
    found = list(request.live.dashboards.by_id.values())
    return request.page("dashboards", found, _summary)


def get_dashboard(request: Request) -> Json:
    """Answer with one dashboard."""
    return _payload(_draft(request))


def update_dashboard(request: Request) -> Json:
    """Change a draft, if it is still what the caller has seen."""
    draft, body = _draft(request), request.body
    with request.live.dashboards.lock:
        if body.get("etag") not in (None, _etag(draft)):
            raise conflict(f"dashboard {draft.dashboard_id}")
        for name in _FIELDS:
            if name in body:
                text = str(body[name])
                setattr(draft, name, _serialized(text) if name.startswith("serialized") else text)
        draft.version += 1
        draft.updated_ms = request.act.at_ms
    return _payload(draft)


def publish_dashboard(request: Request) -> Json:
    """Show readers the draft as it is."""
    draft = _draft(request)
    draft.published = {
        "display_name": draft.display_name,
        "embed_credentials": request.body.get("embed_credentials", True),
        "warehouse_id": request.body.get("warehouse_id") or draft.warehouse_id,
        "revision_create_time": iso_ms(request.act.at_ms),
    }
    return draft.published


def get_published(request: Request) -> Json:
    """Answer with what readers see."""
    draft = _draft(request)
    if draft.published is None:
        raise not_found("Published dashboard", draft.dashboard_id)
    return draft.published


def _draft(request: Request) -> Draft:
    found = request.live.dashboards.by_id.get(request.ids[0])
    if found is None:
        raise not_found("Dashboard", request.ids[0])
    return found


def _serialized(text: str) -> str:
    """Return a definition as the backend writes it: parsed, pages with a type, no spaces."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        raise bad_request("serialized_dashboard is no JSON.") from None
    for page in found.get("pages", []):
        page.setdefault("pageType", "PAGE_TYPE_CANVAS")
    return json.dumps(found, separators=(",", ":"), sort_keys=True)


def _summary(draft: Draft) -> Json:
    return {
        "dashboard_id": draft.dashboard_id,
        "display_name": draft.display_name,
        "create_time": iso_ms(draft.created_ms),
        "update_time": iso_ms(draft.updated_ms),
        "lifecycle_state": "ACTIVE",
    }


def _payload(draft: Draft) -> Json:
    return _summary(draft) | {
        "etag": _etag(draft),
        "parent_path": draft.parent_path,
        "path": f"{draft.parent_path}/{draft.display_name}.lvdash.json",
        "serialized_dashboard": draft.serialized_dashboard,
        "warehouse_id": draft.warehouse_id,
    }


def _etag(draft: Draft) -> str:
    return str(draft.version)
