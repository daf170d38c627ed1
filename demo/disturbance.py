"""Makes the faults happen: to a call, to the bytes of its answer, or to what they say."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from demo.errors import ApiError, forbidden, not_found
from demo.faults import Faults
from demo.listener import Reply

Json = dict[str, Any]

REPLACING = (
    "too_many_requests",
    "too_many_requests_long",
    "too_many_requests_bare",
    "error_500",
    "error_502",
    "error_503",
    "error_504",
    "timeout",
    "cut",
    "broken_json",
    "empty_body",
    "expired_token",
)
_ERRORS = {
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "Too many requests."),
    "too_many_requests_long": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "RESOURCE_EXHAUSTED",
        "Too many requests.",
    ),
    "too_many_requests_bare": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "RESOURCE_EXHAUSTED",
        "Too many requests.",
    ),
    "error_500": (HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong."),
    "error_502": (HTTPStatus.BAD_GATEWAY, "BAD_GATEWAY", "The proxy says it in HTML."),
    "error_503": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "TEMPORARILY_UNAVAILABLE",
        "The service is at capacity.",
    ),
    "error_504": (
        HTTPStatus.GATEWAY_TIMEOUT,
        "DEADLINE_EXCEEDED",
        "The upstream did not answer in time.",
    ),
}
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>\n"
_UNKNOWN = {
    "status": "AWAITING_APPROVAL",
    "eval_run_status": "AWAITING_APPROVAL",
    "assessment": "DISPUTED",
    "type": "MODEL_RETIRED_EXCEPTION",
    "rating": "MIXED",
}
_NUMBERS = frozenset({"user_id", "run_by_user", "created_by_user"})
_TIME = "_timestamp"
_KEYS = (
    "result_id",
    "eval_run_id",
    "message_comment_id",
    "message_id",
    "conversation_id",
    "space_id",
)


class Disturber:
    """Holds the faults in force and how often each address was called; safe for threads.

    Attributes:
        met: How often each fault happened.
    """

    def __init__(self, faults: Faults) -> None:
        self.met: Counter[str] = Counter()
        self._faults = faults
        self._seen: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._faults

    def replace(self, faults: Faults) -> None:
        """Put other faults into force and forget what was called before."""
        with self._lock:
            self._faults = faults
            self._seen.clear()

    def disturb(self, method: str, target: str) -> "Disturbance":
        """Return what happens to the next call of an address, path and query."""
        with self._lock:
            self._seen[method, target] += 1
            call = (method, target, self._seen[method, target])
            found = next((name for name in REPLACING if self._faults.hits(name, *call)), None)
            is_slow = self._faults.hits("latency", *call)
            self.met.update([found] if found else [])
            self.met.update(["latency"] if is_slow else [])
        return Disturbance(self._faults, found, is_slow=is_slow)

    def crawl(self, path: str, *, is_first: bool) -> bool:
        """Tell whether this listing of a path never gets beyond its second page."""
        with self._lock:
            self._seen["crawl", path] += is_first
            is_hit = self._faults.hits("repeated_page_token", path, self._seen["crawl", path])
            self.met["repeated_page_token"] += is_hit and not is_first
        return is_hit

    def note(self, fault: str, count: int = 1) -> None:
        """Count a fault that happened to what an answer says."""
        with self._lock:
            self.met[fault] += count


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one call; `fault` is the one that replaces its answer, if any."""

    faults: Faults
    fault: str | None
    is_slow: bool

    @property
    def delay(self) -> float:
        """Seconds to wait before anything else."""
        return self.faults.latency_seconds if self.is_slow else 0.0

    @property
    def hang(self) -> float:
        """Seconds to wait between the work and the answer."""
        return self.faults.hang_seconds if self.fault == "timeout" else 0.0

    def stop(self) -> None:
        """Keep a call from reaching anything if its fault is an error of the service.

        Raises:
            ApiError: It is.
        """
        if self.fault in _ERRORS:
            status, code, message = _ERRORS[self.fault]
            raise ApiError(status, code, message, self._headers())

    def close(self, kind: str, ids: tuple[str, ...]) -> None:
        """Keep a call from what is closed, gone or fails always.

        Args:
            kind: Name of the route.
            ids: The ids in the path, that of the space first.

        Raises:
            ApiError: 403, 404 or 500.
        """
        if ids and ids[0] in self.faults.denied:
            raise forbidden(ids[0])
        if ids and ids[0] in self.faults.gone:
            raise not_found("Space", ids[0])
        if kind == "get_message" and self.faults.fails_always(ids[2]):
            raise ApiError(*_ERRORS["error_500"])

    def replacement(self) -> Reply | None:
        """Return an answer that no application made: the proxy's own."""
        if self.fault == "error_502":
            return Reply(502, _BAD_GATEWAY, content_type="text/html")
        return None

    def broken(self, reply: Reply) -> Reply:
        """Return a reply as it arrives."""
        if self.fault == "cut":
            return replace(reply, sent=len(reply.body) // 2)
        if self.fault == "broken_json":
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        if self.fault == "empty_body":
            return Reply(200, b"")
        return reply

    def _headers(self) -> tuple[tuple[str, str], ...]:
        if self.fault == "too_many_requests":
            return (("Retry-After", "1"),)
        if self.fault == "too_many_requests_long":
            return (("Retry-After", str(self.faults.long_retry_seconds)),)
        return ()


def disturb_page(disturber: Disturber, path: str, query: Mapping[str, str], body: Json) -> None:
    """Give a page the faults of lists: hidden spaces, missing messages, a stuck token."""
    faults = disturber.faults
    hidden = faults.denied | faults.gone
    _keep(body, "spaces", lambda one: one["space_id"] not in hidden)
    _keep(body, "messages", lambda one: not faults.fails_always(one["message_id"]))
    token = query.get("page_token")
    if disturber.crawl(path, is_first=not token) and token:
        body["next_page_token"] = token


def disturb_values(disturber: Disturber, body: Json) -> None:
    """Give what a body shows the faults of values: unknown words, times and numbers."""
    faults = disturber.faults
    for entity in _entities(body):
        key = next((entity[name] for name in _KEYS if name in entity), "")
        disturber.note("unknown_enum", _forget_words(faults, key, entity))
        for fault, change in (("seconds", _to_seconds), ("numbers_as_strings", _to_text)):
            if faults.hits(fault, key):
                disturber.note(fault)
                _walk(entity, change)


def _keep(body: Json, key: str, test: Callable[[Json], bool]) -> None:
    if key in body:
        body[key] = [one for one in body[key] if test(one)]
        if not body[key]:
            del body[key]


def _entities(body: Json) -> list[Json]:
    if any(name in body for name in _KEYS):
        return [body]
    lists = [value for value in body.values() if isinstance(value, list)]
    return [one for entries in lists for one in entries if isinstance(one, dict)]


def _forget_words(faults: Faults, key: str, entity: Json) -> int:
    count = 0
    for holder in (entity, entity.get("error"), entity.get("feedback")):
        if isinstance(holder, dict):
            for name, unknown in _UNKNOWN.items():
                if name in holder and faults.hits("unknown_enum", key, name):
                    holder[name] = unknown
                    count += 1
    return count


def _walk(node: Any, change: Callable[[str, int], int | str]) -> None:
    for key, value in node.items() if isinstance(node, dict) else ():
        if isinstance(value, int) and (key.endswith(_TIME) or key in _NUMBERS):
            node[key] = change(key, value)
        elif isinstance(value, dict):
            _walk(value, change)
        elif isinstance(value, list):
            for one in value:
                _walk(one, change)


def _to_seconds(key: str, value: int) -> int:
    return value // 1000 if key.endswith(_TIME) else value


def _to_text(_key: str, value: int) -> str:
    return str(value)
