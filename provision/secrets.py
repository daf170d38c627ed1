"""The secret scope from which jobs read the credentials of their service principal."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from provision.changes import Change
from provision.errors import SetupError
from warehouse.text import scrub

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

SCOPE = "genie-obs"
CLIENT_ID_KEY, CLIENT_SECRET_KEY = "sp_client_id", "sp_client_secret"


def plan_secrets(
    client: WorkspaceClient, scope: str, client_id: str, client_secret: str
) -> Iterator[Change]:
    """Yield what the scope lacks: itself, its two keys, READ for the service principal.

    No text of a change holds a value.

    Raises:
        SetupError: the scopes cannot be read.
    """
    scopes = _asked(lambda: {one.name for one in client.secrets.list_scopes()})
    is_there = scope in scopes
    if not is_there:
        yield _change(
            f"create secret scope {scope}", partial(client.secrets.create_scope, scope=scope)
        )
    for key, value in ((CLIENT_ID_KEY, client_id), (CLIENT_SECRET_KEY, client_secret)):
        if not (is_there and _holds(client, scope, key, value)):
            yield _change(
                f"put key {key} into secret scope {scope}",
                partial(client.secrets.put_secret, scope=scope, key=key, string_value=value),
                "you need WRITE on the scope",
            )
    if not (is_there and _may_read(client, scope, client_id)):
        yield _change(
            f"give READ on secret scope {scope} to {client_id}",
            partial(_permit, client, scope, client_id),
            "you need MANAGE on the scope",
        )


def _asked(ask: Callable[[], Any]) -> Any:
    from databricks.sdk.errors.base import DatabricksError

    try:
        return ask()
    except (DatabricksError, OSError) as error:
        raise SetupError(scrub(str(error))) from error


def _change(told: str, make: Callable[[], object], advice: str = "") -> Change:
    return Change(told, partial(_asked, make), advice)


def _holds(client: WorkspaceClient, scope: str, key: str, value: str) -> bool:
    """Whether a key has the value already; not if we may not read it."""
    from databricks.sdk.errors.base import DatabricksError

    try:
        found = client.secrets.get_secret(scope=scope, key=key).value or ""
        return base64.b64decode(found, validate=True) == value.encode()
    except (DatabricksError, OSError, binascii.Error):
        return False


def _may_read(client: WorkspaceClient, scope: str, application_id: str) -> bool:
    from databricks.sdk.errors.base import DatabricksError

    try:
        return client.secrets.get_acl(scope=scope, principal=application_id).permission is not None
    except (DatabricksError, OSError):
        return False


def _permit(client: WorkspaceClient, scope: str, application_id: str) -> None:
    from databricks.sdk.service.workspace import AclPermission

    client.secrets.put_acl(scope=scope, principal=application_id, permission=AclPermission.READ)
