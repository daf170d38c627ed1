"""Error texts that are safe to store and to show."""

from __future__ import annotations

import re

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
