"""The client id and secret with which workspaces are called, from a Databricks secret scope."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import requests

from ingest.errors import CredentialsError, HostError
from ingest.hosts import check_host
from ingest.pacing import Pace
from warehouse import workspace
from warehouse.text import scrub

# the SDK takes a second to import: only commands that call it pay for it
if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

CLIENT_ID_KEY, CLIENT_SECRET_KEY = "sp_client_id", "sp_client_secret"


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """Who calls the workspaces."""

    client_id: str
    client_secret: str = field(repr=False)


def read_service_principal(
    scope: str,
    allowed_hosts: Sequence[str],
    stop: threading.Event,
    *,
    host: str | None,
    timeout_seconds: int = 60,
) -> ServicePrincipal:
    """Read a service principal from a secret scope of the workspace that the SDK finds.

    Args:
        scope: Name of the scope; its keys are `sp_client_id` and `sp_client_secret`.
        allowed_hosts: Where a credential may be sent, besides loopback.
        stop: Set to end a wait.
        host: What DATABRICKS_HOST says; without it the SDK finds the workspace by its profile or
            in the runtime of a job.
        timeout_seconds: To wait for an answer.

    Raises:
        HostError: that workspace is not allowed, or does not answer.
        CredentialsError: it does not let us in, or the scope or a key is absent or closed to us.
        ThrottledError: it asks to wait for longer than a run does.
        StoppedError: the run is to stop.
    """
    if host:
        probe(check_host(host if "://" in host else f"https://{host}", allowed_hosts))
    client = _open_ambient(scope, allowed_hosts, Pace(stop), timeout_seconds)
    return ServicePrincipal(
        _read_secret(client, scope, CLIENT_ID_KEY), _read_secret(client, scope, CLIENT_SECRET_KEY)
    )


def probe(host: str) -> None:
    """Ask once without credentials; the SDK would try a dead host for minutes.

    Raises:
        HostError: nothing answers there.
    """
    try:
        workspace.probe(host)
    except requests.RequestException as error:
        raise HostError(f"{host}: no answer ({type(error).__name__})") from error


def _open_ambient(
    scope: str, allowed_hosts: Sequence[str], pace: Pace, timeout_seconds: int
) -> WorkspaceClient:
    try:
        return workspace.open_workspace(
            partial(check_host, allowed=allowed_hosts),
            host=None,  # asked before
            timeout_seconds=timeout_seconds,
            clock=pace,
        )
    except (ValueError, OSError) as error:
        raise CredentialsError(
            f"secret scope {scope}: not signed in to read it: {scrub(str(error))}"
            " (set DATABRICKS_HOST and what the Databricks SDK signs in with)"
        ) from error


def _read_secret(client: WorkspaceClient, scope: str, key: str) -> str:
    from databricks.sdk.errors import NotFound, PermissionDenied
    from databricks.sdk.errors.base import DatabricksError

    where = f"secret scope {scope}, key {key}, at {client.config.host}"
    try:
        value = client.secrets.get_secret(scope=scope, key=key).value or ""
        text = base64.b64decode(value, validate=True).decode().strip()
    except NotFound as error:
        raise CredentialsError(
            f"{where}: no such scope or key: create it (`databricks secrets put-secret {scope}"
            f" {key}`) and grant READ on the scope"
        ) from error
    except PermissionDenied as error:
        raise CredentialsError(
            f"{where}: no right to read: grant READ on the scope"
            f" (`databricks secrets put-acl {scope} PRINCIPAL READ`)"
        ) from error
    except (DatabricksError, OSError) as error:
        raise CredentialsError(f"{where}: {scrub(str(error))}") from error
    except (binascii.Error, UnicodeDecodeError) as error:
        # without the cause's text, which may quote the value
        raise CredentialsError(f"{where}: not a text in base64") from error
    if not text:
        raise CredentialsError(f"{where}: is empty")
    return text
