"""OAuth client credentials (machine to machine), as a workspace grants them."""

import base64
import binascii
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta


class TokenOffice:
    """Issues bearer tokens for client ids with one secret; safe to share between threads."""

    def __init__(
        self,
        client_ids: Iterable[str],
        client_secret: str,
        *,
        token_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the credentials; `token_seconds` is how long a token is good."""
        self._pairs = {name: f"{name}:{client_secret}".encode() for name in client_ids}
        self._lifetime = timedelta(seconds=token_seconds)
        self._clock = clock
        self._granted: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def issue(self, authorization: str | None) -> dict[str, object] | None:
        """Return a token answer for an HTTP Basic header, or nothing if that is wrong."""
        given = _basic_pair(authorization)
        found = [name for name, pair in self._pairs.items() if secrets.compare_digest(given, pair)]
        if not found:
            return None
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._granted[token] = (found[0], self._clock() + self._lifetime)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self._lifetime.total_seconds()),
            "scope": "all-apis",
        }

    def holder(self, authorization: str | None) -> str | None:
        """Return the client id whose good token a header carries, or nothing."""
        kind, _, token = (authorization or "").partition(" ")
        with self._lock:
            name, expiry = self._granted.get(token, (None, None))
        return name if kind == "Bearer" and expiry and self._clock() < expiry else None

    def expire(self, authorization: str | None) -> None:
        """Make the token that a header carries bad before its time."""
        with self._lock:
            self._granted.pop((authorization or "").partition(" ")[2], None)


def _basic_pair(authorization: str | None) -> bytes:
    kind, _, encoded = (authorization or "").partition(" ")
    if kind != "Basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
