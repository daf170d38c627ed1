"""Secret scopes of a workspace, as `/api/2.0/secrets/get` shows them."""

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
    rules = request.live.rules
    if scope in rules.closed_scopes:
        raise ApiError(
            HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", f"No READ permission on scope {scope}."
        )
    secrets = rules.secret_scopes.get(scope)
    if secrets is None:
        raise _not_found(f"Scope {scope} does not exist!")
    if key not in secrets:
        raise _not_found(f"Failed to get secret {key} for scope {scope}.")
    return {"key": key, "value": base64.b64encode(secrets[key].encode()).decode()}


def _not_found(message: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
