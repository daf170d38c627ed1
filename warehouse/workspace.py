"""Signs in to the workspace that the Databricks SDK finds, at allowed hosts only."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import requests

# the SDK takes a second to import: only commands that call it pay for it
if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config
    from databricks.sdk.credentials_provider import CredentialsProvider, CredentialsStrategy

_RETRY_SECONDS = 60
_PROBE_SECONDS = (5, 15)  # connect, read


class _CheckedHost:
    """The SDK's own ways to sign in, after a check of the host; it may find it on the way."""

    def __init__(self, check: Callable[[str], str]) -> None:
        from databricks.sdk.credentials_provider import DefaultCredentials

        self._ways = DefaultCredentials()
        self._check = check

    def auth_type(self) -> str:
        return self._ways.auth_type()

    def __call__(self, config: Config) -> CredentialsProvider:
        if config.host:
            self._check(config.host)
        headers = self._ways(config)
        self._check(config.host or "")
        return headers


def probe(host: str) -> None:
    """Ask once without credentials; the SDK would try a dead host for minutes.

    Raises:
        OSError: nothing answers there.
    """
    requests.get(
        f"{host}/.well-known/databricks-config", timeout=_PROBE_SECONDS, allow_redirects=False
    ).close()


def open_workspace(
    check: Callable[[str], str], *, host: str | None, timeout_seconds: int = 60, **settings: Any
) -> WorkspaceClient:
    """Return a client of the workspace that the SDK finds: environment, profile or runtime.

    Args:
        check: Returns scheme, host and port of a URL; raises if it may not be sent a credential.
        host: Which workspace, if not one that the SDK finds; it is checked and asked first.
        timeout_seconds: To wait for an answer.
        settings: More of the SDK's `Config`.

    Raises:
        ValueError: the SDK finds no workspace or no credentials, or they are refused.
        OSError: nothing answers there.
    """
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    if host:
        settings["host"] = check(host if "://" in host else f"https://{host}")
        probe(settings["host"])
    config = Config(
        credentials_strategy=cast("CredentialsStrategy", _CheckedHost(check)),
        http_timeout_seconds=timeout_seconds,
        retry_timeout_seconds=_RETRY_SECONDS,
        product="genie-observability",
        product_version=version("genie-observability"),
        **settings,
    )
    config.authenticate()
    return WorkspaceClient(config=config)
