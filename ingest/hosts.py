"""Which hosts may be sent a credential, as an error of ingestion."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.errors import HostError
from warehouse import hosts


def check_host(url: str, allowed: Sequence[str]) -> str:
    """Return what `warehouse.hosts.check_host` does.

    Raises:
        HostError: no credential may be sent there.
    """
    try:
        return hosts.check_host(url, allowed)
    except hosts.HostNotAllowedError as error:
        raise HostError(str(error)) from None
