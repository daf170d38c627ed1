"""Identifiers and times in the shapes that Databricks uses.

Everything is derived from its parts, so equal options give equal identifiers.
"""

import hashlib
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_MS = 1000
_TO_SECONDS = len("2026-11-01T10:00:00")


def hex_id(*parts: object) -> str:
    """Return 32 lower-case hex digits, the shape of space, message and attachment ids."""
    return "01f1" + _digest(parts, 14)


def uuid_id(*parts: object) -> str:
    """Return a hyphenated identifier, the shape of statement, event and request ids."""
    text = _digest(parts, 16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def statement_id(*parts: object) -> str:
    """Return a statement id: hyphenated, and with the prefix that time gives real ones."""
    text = hex_id(*parts)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def numeric_id(digits: int, *parts: object) -> str:
    """Return a decimal identifier of exactly `digits` digits, without a leading zero."""
    lowest = 10 ** (digits - 1)
    return str(lowest + int(_digest(parts, 14), 16) % (9 * lowest))


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_us(moment: datetime) -> int:
    """Return whole microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def iso_ms(moment_ms: int) -> str:
    """Return epoch milliseconds as ISO-8601 UTC text such as 2026-11-01T10:00:00.123Z."""
    seconds, rest = divmod(moment_ms, _SECOND_MS)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:_TO_SECONDS]}.{rest:03d}Z"


def _digest(parts: tuple[object, ...], size: int) -> str:
    text = ":".join(map(str, parts))
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
