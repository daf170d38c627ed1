"""Secret scopes of a workspace, as `/api/2.0/secrets` shows and changes them."""

import base64
from http import HTTPStatus
from typing import Any

from demo.calls import Request
from demo.errors import ApiError, bad_request

Json = dict[str, Any]


def get_secret(request: Request) -> Json:
    """Answer with one secret, its value in base64."""
    scope, key = request.query.get("scope", ""), request.query.get("key", "")
    if not scope or not key:
        raise bad_request("scope and key must be given.")
    secrets = _secrets(request, scope, "READ")
    if key not in secrets:
        raise _not_found(f"Failed to get secret {key} for scope {scope}.")
    return {"key": key, "value": base64.b64encode(secrets[key].encode()).decode()}


def list_scopes(request: Request) -> Json:
    """Answer with the names of all scopes."""
    names = request.live.admin.scopes
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in names]}


def create_scope(request: Request) -> Json:
    """Create a scope."""
    scope = request.text("scope")
    if not request.live.admin.create_scope(scope):
        raise ApiError(
            HTTPStatus.BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", f"Scope {scope} already exists!"
        )
    return {}


def put_secret(request: Request) -> Json:
    """Write a secret, in the place of the one with its key."""
    secrets = _secrets(request, request.text("scope"), "WRITE")
    secrets[request.text("key")] = request.text("string_value")
    return {}


def put_acl(request: Request) -> Json:
    """Give a principal a right on a scope."""
    scope, permission = request.text("scope"), request.text("permission")
    _secrets(request, scope, "MANAGE")
    if permission not in ("READ", "WRITE", "MANAGE"):
        raise bad_request(f"{permission} is no permission on a scope.")
    request.live.admin.acls[scope, request.text("principal")] = permission
    return {}


def get_acl(request: Request) -> Json:
    """Answer with a principal's right on a scope."""
    scope, principal = request.query.get("scope", ""), request.query.get("principal", "")
    _secrets(request, scope, "MANAGE")
    permission = request.live.admin.acls.get((scope, principal))
    if permission is None:
        raise _not_found(f"No ACL of {principal} on scope {scope}.")
    return {"principal": principal, "permission": permission}


def _secrets(request: Request, scope: str, permission: str) -> dict[str, str]:
    if scope in request.live.rules.closed_scopes:
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            "PERMISSION_DENIED",
            f"No {permission} permission on scope {scope}.",
        )
    secrets = request.live.admin.scopes.get(scope)
    if secrets is None:
        raise _not_found(f"Scope {scope} does not exist!")
    return secrets


def _not_found(message: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
