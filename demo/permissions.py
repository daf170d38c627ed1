"""Permissions of objects, as `/api/2.0/permissions` shows and changes them."""

from typing import Any

from demo.calls import Request
from demo.errors import bad_request, forbidden, not_found

Json = dict[str, Any]

_LEVELS = {
    "genie": ("CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "warehouses": ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE"),
}


def get_permissions(request: Request) -> Json:
    """Answer with the levels of service principals on a space or warehouse."""
    kind, object_id = _object(request)
    levels = request.live.admin.levels.get((kind, object_id), {})
    return {
        "object_id": f"/{kind}/{object_id}",
        "object_type": kind,
        "access_control_list": [
            {
                "service_principal_name": principal,
                "all_permissions": [{"permission_level": level, "inherited": False}],
            }
            for principal, level in levels.items()
        ],
    }


def update_permissions(request: Request) -> Json:
    """Add levels to those that are there."""
    kind, object_id = _object(request)
    if object_id in request.live.rules.unmanaged:
        raise forbidden(object_id)
    levels = {}
    for control in request.body.get("access_control_list", []):
        level = control.get("permission_level")
        if level not in _LEVELS[kind] or "service_principal_name" not in control:
            raise bad_request(f"{control} is no access control of {kind}.")
        levels[control["service_principal_name"]] = level
    request.live.admin.permit(kind, object_id, levels)
    return get_permissions(request)


def _object(request: Request) -> tuple[str, str]:
    kind, object_id = request.ids
    if kind not in _LEVELS:
        raise not_found("The kind of object", kind)
    if kind == "genie":
        known = any(space.space_id == object_id for space in request.contents.spaces())
    else:
        known = object_id in request.statements.warehouse_ids
    if not known:
        raise not_found(kind, object_id)
    return kind, object_id
