"""Which hosts may be sent a credential."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from ingest.errors import HostError

DATABRICKS_HOSTS = (
    "*.cloud.databricks.com",
    "*.azuredatabricks.net",
    "*.gcp.databricks.com",
    "*.cloud.databricks.us",
    "*.databricks.azure.us",
    "*.databricks.azure.cn",
)


def check_host(url: str, allowed: Sequence[str]) -> str:
    """Return the URL reduced to scheme, host and port, if a credential may be sent there.

    Loopback is always allowed, over http too; any other host needs https and has to match one of
    the patterns (`*` as in file names).

    Raises:
        HostError: it may not; the text says how to allow it.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.password:
        raise HostError(
            "workspace URL is not of the form https://host: correct the workspaces table"
        )
    if not _is_loopback(host):
        if parts.scheme != "https":
            raise HostError(f"{host}: credentials are sent over https only")
        if not any(fnmatchcase(host, pattern.lower()) for pattern in allowed):
            raise HostError(
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
