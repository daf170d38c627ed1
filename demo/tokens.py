"""OAuth client credentials (machine to machine), as a workspace grants them."""

import base64
import binascii
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta


class TokenOffice:
    """Issues bearer tokens for one client id and secret; safe to share between threads."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        token_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the credentials; `token_seconds` is how long a token is good."""
        self._pair = f"{client_id}:{client_secret}".encode()
        self._lifetime = timedelta(seconds=token_seconds)
        self._clock = clock
        self._expiries: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def issue(self, authorization: str | None) -> dict[str, object] | None:
        """Return a token answer for an HTTP Basic header, or nothing if that is wrong."""
        if not secrets.compare_digest(_basic_pair(authorization), self._pair):
            return None
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._expiries[token] = self._clock() + self._lifetime
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self._lifetime.total_seconds()),
            "scope": "all-apis",
        }

    def accepts(self, authorization: str | None) -> bool:
        """Tell whether a header carries a token that was issued here and has not expired."""
        kind, _, token = (authorization or "").partition(" ")
        with self._lock:
            expiry = self._expiries.get(token)
        return kind == "Bearer" and expiry is not None and self._clock() < expiry


def _basic_pair(authorization: str | None) -> bytes:
    kind, _, encoded = (authorization or "").partition(" ")
    if kind != "Basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
