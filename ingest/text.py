"""Text that is safe to store and to show."""

from __future__ import annotations

import json
import re
from typing import Any

# an even number of backslashes before it belongs to the text around
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

_MAX_ERROR_CHARACTERS = 500

# the SDK appends its whole configuration to the text of 401 and 403
_SDK_CONFIG = re.compile(r"\.?\s*Config: .*", re.DOTALL)
_SECRETS = re.compile(
    r"(?i)\bbearer\s+[\w.~+/=-]+"
    r"|\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?"
    r"|\b(dapi|dose|dkea)[0-9a-f]{16,}(-\d+)?\b"
    r"|(?<=secret[=:])\s*[^\s,&]+|(?<=token[=:])\s*[^\s,&]+|(?<=password[=:])\s*[^\s,&]+"
    r"|(?<=://)[^/@\s]+:[^/@\s]+(?=@)"
)


def scrub(text: str) -> str:
    """Return an error text as one short line without the SDK's configuration or credentials."""
    line = " ".join(_SECRETS.sub("[removed]", _SDK_CONFIG.sub("", text)).split())
    return line[:_MAX_ERROR_CHARACTERS]


def canonical_json(value: Any) -> str:
    """Return JSON text without spaces, keys in the order received, characters unescaped.

    NUL and lone surrogates, which not every engine can store, become U+FFFD.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return storable(_ESCAPED_NUL.sub("\\1\ufffd", text))


def storable(text: str) -> str:
    """Return text with NUL and lone surrogates replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")
