"""The way out to a Pushgateway."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from prometheus_client.core import Metric

from exporters.errors import OutputError
from exporters.exporting import Export, Families, render

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VALUE = re.compile(r"[\w.:-]+")
_TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a Pushgateway.

    Attributes:
        url: Address, without a user.
        user: For basic authentication, with its password; None for none.
        password: Not shown anywhere.
        ca_file: Certificates to trust; those of the system if None.
        certificate: Files of a certificate of our own and of its key.
        timeout_seconds: To wait for an answer.
    """

    url: str
    user: str | None = None
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    certificate: tuple[str, str] | None = None
    timeout_seconds: float = 10.0


class Push:
    """A group of a Pushgateway: replaced on success; on failure it keeps its values."""

    def __init__(self, access: Access, job: str, group: Mapping[str, str]) -> None:
        """Check what is given.

        Raises:
            OutputError: the address or the group is none that can be used.
        """
        place = urlsplit(access.url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise OutputError(
                f"gateway {place.hostname or ''!r}: give http://host:port or https://"
            )
        if place.username or place.password:
            raise OutputError("gateway: give user and password by the environment, not in the URL")
        if access.user and place.scheme == "http" and not _is_loopback(place.hostname):
            raise OutputError(f"gateway {place.hostname}: a password needs https")
        self._access, self._group = access, {"job": job, **group}
        for name, value in self._group.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise OutputError(f"group {name}={value}: letters, digits, _ . : - only")
        path = "".join(f"/{name}/{value}" for name, value in self._group.items())
        self._url = f"{access.url.rstrip('/')}/metrics{path}"
        self._session = requests.Session()
        # a proxy of the environment would be asked for our own machine too
        self._session.trust_env = not _is_loopback(place.hostname)

    def last(self) -> Families:
        """Return nothing: the gateway keeps what it was given."""
        return {}

    def tell(self, export: Export) -> None:
        """Push an export.

        Raises:
            OutputError: a label would be overwritten, or the gateway does not take it.
        """
        if export.problem is None:
            self._check_labels(export.values)
            self._send("PUT", export.text())
        else:
            # POST replaces only the metrics that it names
            self._send("POST", render(export.about_run))

    def _check_labels(self, families: Iterable[Metric]) -> None:
        labels = {label for f in families for sample in f.samples for label in sample.labels}
        overwritten = labels & self._group.keys()
        if overwritten:
            raise OutputError(
                f"group by another name than {', '.join(sorted(overwritten))}: the gateway would"
                " put it over the label of that name"
            )

    def _send(self, method: str, text: bytes) -> None:
        access = self._access
        try:
            answer = self._session.request(
                method,
                self._url,
                data=text,
                headers=_TEXT,
                auth=(access.user, access.password) if access.user else None,
                verify=access.ca_file or True,
                cert=access.certificate,
                timeout=access.timeout_seconds,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise OutputError(f"{self._url} cannot be reached: {_cause(error)}") from None
        if not 200 <= answer.status_code < 300:  # noqa: PLR2004 - HTTP's own
            said = " ".join(answer.text.split())[:200]
            raise OutputError(f"{self._url} answered {answer.status_code}: {said}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _cause(error: Exception) -> str:
    """Return the innermost of the errors that the transport wraps, as one line."""
    inner: BaseException = error
    while inner.__context__ is not None:
        inner = inner.__context__
    return " ".join(f"{inner}".split()) or type(inner).__name__
