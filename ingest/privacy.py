"""What of persons is stored: applied before landing, so that nothing else ever is.

full      everything as received
hashed    identities as keyed hashes
redacted  as hashed, and no text that a person, a bank or Genie wrote: questions, answers, comments,
          titles, errors, lines of statements; SQL keeps its shape and loses its literals

Identities are e-mails, wherever they stand in a text, and the values of the keys below. UUIDs
are kept: they name service principals. The hash is the HMAC-SHA256 (RFC 2104) of the
ASCII-lowered value, cut to 128 bits; a value is hashed alike everywhere, so joins still work.

Content that is too old to be kept loses its texts later, in any mode: `purged_json`, `purged_text`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
import sqlglot.errors
from sqlglot import exp

from ingest.errors import IngestError
from ingest.text import canonical_json

MODES = ("full", "hashed", "redacted")
REDACTED, PURGED = "[redacted]", "[purged]"

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HASHED = re.compile(r"person-[0-9a-f]{32}")

_IDENTITY_KEYS = frozenset(
    {
        *("email", "subject_name", "user_id", "userId", "user_name", "userName"),
        *("run_by", "run_as", "run_by_display_name", "run_as_display_name", "run_by_user"),
        *("created_by", "created_by_user", "owned_by", "updated_by"),
        *("executed_by", "executed_by_user_id", "executed_as", "executed_as_user_id"),
        "source_ip_address",
    }
)

# strings under these keys are ids, states and kinds; in a redacted payload all others go
_KEPT_KEYS = frozenset(
    {
        *("id", "message_id", "conversation_id", "space_id", "attachment_id", "statement_id"),
        *("query_attachment_id", "message_comment_id", "eval_run_id", "result_id"),
        *("benchmark_question_id", "warehouse_id", "etag", "agent_type", "status", "type"),
        *("rating", "purpose", "thought_type", "keyword", "sql_type", "statement_id_signature"),
        *("eval_run_status", "assessment", "assessment_reasons", "response_type"),
        *("created_timestamp", "last_updated_timestamp", "create_time", "update_time"),
    }
)
# strings that stay when content is purged; the last ones are those of audit events
_UNPURGED_KEYS = (
    _KEPT_KEYS
    | _IDENTITY_KEYS
    | {"spaceId", "conversation_type", "comment_type", "feedback_rating", "status_code"}
)
_NESTED_JSON_KEYS = frozenset({"result"})  # of the response of an audit event
_SQL_KEYS = frozenset({"query", "statement_text"})
FREE_TEXT_COLUMNS = frozenset(
    {"statement_text", "error_message", "query_parameters", "comment", "content", "question"}
)
_SHORTEST_KEY = 16


@dataclass(frozen=True, slots=True)
class Privacy:
    """A mode and its key.

    Raises:
        IngestError: there is no such mode, or the mode needs a key.
    """

    mode: str = "full"
    key: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise IngestError(
                f"GENIE_PII_MODE={self.mode} is not a mode: use one of {', '.join(MODES)}"
            )
        if self.mode != "full" and len(self.key) < _SHORTEST_KEY:
            raise IngestError(
                f"GENIE_PII_MODE={self.mode} needs GENIE_PII_KEY, a secret of at least"
                f" {_SHORTEST_KEY} characters: keep it, another key gives other hashes"
            )

    def payload(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an answer of the REST API as it may be stored."""
        if self.mode == "full":
            return answer
        return {key: self._value(key, value) for key, value in answer.items()}

    def space(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a space as it may be stored: what curators wrote stays, identities go."""
        if self.mode == "full":
            return answer
        return {key: self._identity_free(key, value) for key, value in answer.items()}

    def row(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of a system table as it may be stored; maps and structs may be JSON text."""
        if self.mode == "full":
            return row
        return {key: self._column(key, value) for key, value in row.items()}

    def attempt(self, attempt: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of fetch_attempts as it may be stored: a fault may name a person."""
        text = attempt.get("error_message")
        if self.mode == "full" or text is None:
            return attempt
        return {**attempt, "error_message": self._without_emails(text)}

    def transaction(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a transaction as it may be stored: the account is an identity.

        What the bank wrote may name people; its category does not.
        """
        if self.mode == "full":
            return row
        texts = {key: self.bank_text(row[key]) for key in ("description", "merchant")}
        return {**row, **texts, "account_id": self._hash(row["account_id"])}

    def bank_text(self, text: str | None) -> str | None:
        """Return a text of a bank as it may be stored."""
        if self.mode == "full" or text is None:
            return text
        return REDACTED if self.mode == "redacted" else self._without_emails(text)

    def digest(self, text: str) -> str:
        """Return a digest, keyed unless the mode is full: what it was made of cannot be guessed."""
        return hmac.new(self.key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def _column(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and value[:1] in "{[":
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            if isinstance(parsed, dict | list):
                return canonical_json(self._column(key, parsed))
        if self.mode == "redacted" and key in FREE_TEXT_COLUMNS and value is not None:
            return _sql_shape(value) if key in _SQL_KEYS else REDACTED
        if isinstance(value, dict):
            return {name: self._column(name, item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._column(key, item) for item in value]
        return self._identity_free(key, value)

    def _value(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._value(name, item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(key, item) for item in value]
        if key in _IDENTITY_KEYS or not isinstance(value, str):
            return self._identity_free(key, value)
        if self.mode == "redacted" and key not in _KEPT_KEYS:
            return _sql_shape(value) if key in _SQL_KEYS else REDACTED
        return self._identity_free(key, value)

    def _identity_free(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._identity_free(name, item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._identity_free(key, item) for item in value]
        if key in _IDENTITY_KEYS and isinstance(value, str | int) and value != "":
            return self._hash(str(value))
        return self._without_emails(value) if isinstance(value, str) else value

    def _without_emails(self, text: str) -> str:
        return _EMAIL.sub(lambda match: self._hash(match[0]), text)

    def _hash(self, value: str) -> str:
        if _UUID.fullmatch(value) or _HASHED.fullmatch(value):
            return value
        lowered = value.encode().lower()  # bytes: ASCII letters only, the same everywhere
        return "person-" + hmac.new(self.key.encode(), lowered, hashlib.sha256).hexdigest()[:32]


def purged_json(text: str) -> str:
    """Return JSON text without its contents: the same keys, ids, states, numbers and list lengths.

    What is not JSON is content as a whole.
    """
    try:
        return canonical_json(_purged("", json.loads(text)))
    except (ValueError, RecursionError):
        return PURGED


def purged_text(text: str) -> str:
    """Return what stands for a text that was there."""
    return PURGED if text else text


def _purged(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _purged(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_purged(key, item) for item in value]
    if not isinstance(value, str) or key in _UNPURGED_KEYS:
        return value
    if key in _NESTED_JSON_KEYS and value[:1] in "{[":
        return purged_json(value)
    return purged_text(value)


def _sql_shape(text: str) -> str:
    """Return a statement with `?` for its literals; none of it if it does not parse."""
    try:
        tree = sqlglot.parse_one(text, read="databricks")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return REDACTED
    shape = tree.transform(
        lambda node: exp.Placeholder() if isinstance(node, exp.Literal) else node
    )
    return shape.sql(dialect="databricks", comments=False)
