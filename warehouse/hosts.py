"""Which hosts may be sent a credential."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from warehouse.base import WarehouseError

DATABRICKS_HOSTS = (
    "*.cloud.databricks.com",
    "*.azuredatabricks.net",
    "*.gcp.databricks.com",
    "*.cloud.databricks.us",
    "*.databricks.azure.us",
    "*.databricks.azure.cn",
)


class HostNotAllowedError(WarehouseError):
    """A credential may not be sent to this host."""


def allowed_hosts(text: str) -> tuple[str, ...]:
    """Return the patterns that GENIE_ALLOWED_HOSTS holds; Databricks' domains if it is empty."""
    return tuple(text.replace(",", " ").split()) or DATABRICKS_HOSTS


def check_host(url: str, allowed: Sequence[str]) -> str:
    """Return the URL reduced to scheme, host and port, if a credential may be sent there.

    Loopback is always allowed, over http too; any other host needs https and has to match one of
    the patterns (`*` as in file names).

    Raises:
        HostNotAllowedError: it may not; the text says how to allow it.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.password:
        raise HostNotAllowedError(
            "workspace URL is not of the form https://host: correct the workspaces table"
            " or DATABRICKS_HOST"
        )
    if not _is_loopback(host):
        if parts.scheme != "https":
            raise HostNotAllowedError(f"{host}: credentials are sent over https only")
        if not any(fnmatchcase(host, pattern.lower()) for pattern in allowed):
            raise HostNotAllowedError(
                f"{host} is not a Databricks domain: add it to GENIE_ALLOWED_HOSTS if it is yours"
            )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
