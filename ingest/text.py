"""Text that every engine can store."""

from __future__ import annotations

import json
import re
from typing import Any

# an even number of backslashes before it belongs to the text around
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


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
