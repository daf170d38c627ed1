"""Which faults a simulated workspace shows, and when: decided by seed, call and count.

A fault with a rate is drawn for each call by (seed, fault, method and address, how many times
that address was called before). So equal sequences of calls meet equal faults, whatever other
threads do, and a call that is tried again draws again. Faults of a payload are drawn by the
id of what it shows: alone and in a list it looks the same.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Self

_DEFAULT_RATE = 0.1
_STEPS = 1 << 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong; without arguments nothing does.

    Rates are shares of the calls from 0 to 1, and a call meets at most one of those that
    replace its answer; the first named below wins.

    Attributes:
        seed: Another seed, other calls meet the faults.
        latency: Rate of answers that take `latency_seconds` longer.
        too_many_requests: Rate of 429 with `Retry-After: 1`.
        too_many_requests_long: Rate of 429 with a `Retry-After` of `long_retry_seconds`.
        too_many_requests_bare: Rate of 429 without `Retry-After`.
        error_500: Rate of 500 INTERNAL_ERROR.
        error_502: Rate of 502 with a body of HTML, as proxies send.
        error_503: Rate of 503 TEMPORARILY_UNAVAILABLE.
        error_504: Rate of 504 DEADLINE_EXCEEDED.
        timeout: Rate of answers that come `hang_seconds` late, after their effect.
        cut: Rate of connections closed in the middle of the body.
        broken_json: Rate of bodies that are no JSON.
        empty_body: Rate of 200 without a body.
        expired_token: Rate of 401 on a token that was good, and will not be again.
        revoked: The credentials are no longer good: no new token, and no token works.
        denied: Ids of spaces that answer 403.
        gone: Ids of spaces that answer 404.
        repeated_page_token: Rate of listings whose second page names itself as the next.
        failing: Rate of messages, drawn by id, whose every `get` fails and that lists omit.
        failing_messages: Ids of more such messages.
        unknown_enum: Rate of statuses, error types, ratings and assessments nobody knows.
        numbers_as_strings: Rate of things whose times and user ids are JSON strings.
        seconds: Rate of things whose times are in seconds.

    Raises:
        ValueError: A rate is not from 0 to 1, or a number of seconds is below 0.
    """

    seed: int = 0
    latency: float = 0.0
    latency_seconds: float = 0.2
    too_many_requests: float = 0.0
    too_many_requests_long: float = 0.0
    long_retry_seconds: int = 3
    too_many_requests_bare: float = 0.0
    error_500: float = 0.0
    error_502: float = 0.0
    error_503: float = 0.0
    error_504: float = 0.0
    timeout: float = 0.0
    hang_seconds: float = 5.0
    cut: float = 0.0
    broken_json: float = 0.0
    empty_body: float = 0.0
    expired_token: float = 0.0
    revoked: bool = False
    denied: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    repeated_page_token: float = 0.0
    failing: float = 0.0
    failing_messages: frozenset[str] = frozenset()
    unknown_enum: float = 0.0
    numbers_as_strings: float = 0.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        for name in RATES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")
        for name in _DURATIONS:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0, not {getattr(self, name)}")

    @classmethod
    def all_at_once(cls, seed: int = 0) -> Self:
        """Return a mix of every fault with a rate; three tries of a call usually get through."""
        return cls(seed=seed, **_ALL_AT_ONCE)

    @classmethod
    def parse(cls, texts: Iterable[str], seed: int = 0) -> Self:
        """Return the faults that texts such as `error-503=0.2`, `revoked` or `all` name.

        A rate that is not given is 0.1; `all` is `all_at_once`; spaces and messages are given
        by id, several times if need be (`denied=ID`).

        Raises:
            ValueError: A name or value makes no sense.
        """
        values: dict[str, Any] = {"seed": seed}
        for text in texts:
            name, _, value = text.partition("=")
            key = name.strip().replace("-", "_").lower()
            if key == "all":
                values |= _ALL_AT_ONCE
            elif key in _IDS and value:
                values[key] = values.get(key, frozenset()) | {value}
            else:
                values[key] = _value(key, name, value)
        return cls(**values)

    def hits(self, fault: str, *parts: object) -> bool:
        """Tell whether a fault with a rate happens to the call or thing that the parts name."""
        rate: float = getattr(self, fault)
        return rate > 0 and draw(self.seed, fault, *parts) < rate

    def fails_always(self, message_id: str) -> bool:
        """Tell whether no call will ever get this message."""
        return message_id in self.failing_messages or self.hits("failing", message_id)


def draw(*parts: object) -> float:
    """Return a number from 0 to below 1 that depends only on the parts."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / _STEPS


_DURATIONS = ("latency_seconds", "long_retry_seconds", "hang_seconds")
_IDS = ("denied", "gone", "failing_messages")
RATES = tuple(
    field.name for field in fields(Faults) if field.default == 0.0 and field.type is float
)
_ALL_AT_ONCE: dict[str, Any] = {
    "latency": 0.05,
    "too_many_requests": 0.02,
    "too_many_requests_long": 0.005,
    "too_many_requests_bare": 0.01,
    "error_500": 0.02,
    "error_502": 0.02,
    "error_503": 0.02,
    "error_504": 0.02,
    "timeout": 0.005,
    "cut": 0.02,
    "broken_json": 0.02,
    "empty_body": 0.02,
    "expired_token": 0.005,
    "repeated_page_token": 0.01,
    "failing": 0.005,
    "unknown_enum": 0.01,
    "numbers_as_strings": 0.05,
    "seconds": 0.05,
}


def _value(key: str, name: str, value: str) -> float | bool | int:
    if key == "revoked" and not value:
        return True
    if key in RATES and not value:
        return _DEFAULT_RATE
    if key not in RATES and key not in _DURATIONS:
        raise ValueError(f"no such fault: {name}; there are {', '.join(fault_names())}")
    try:
        return int(value) if key == "long_retry_seconds" else float(value)
    except ValueError:
        raise ValueError(f"{name} takes a number, not {value!r}") from None


def fault_names() -> list[str]:
    """Return the names that `Faults.parse` knows."""
    names = [*RATES, "revoked", *_IDS, *_DURATIONS]
    return ["all", *(name.replace("_", "-") for name in names)]
