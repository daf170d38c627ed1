"""Who talks when: conversations over the working days of a history."""

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate

from demo.ids import hex_id
from demo.model import Channel, Conversation, HistoryOptions, Principal, Space

_MEAN_TURNS = 6.7
_LONG_CONVERSATION = 120
_FEWEST_FOR_LONG = 1000
_FEWEST_FOR_IN_FLIGHT = 50
_ASKER_SHARE = 0.12
_PEOPLE_BY_API_SHARE = 0.05
_CROWDING = 1.7
_IN_FLIGHT_STEP_MS = 9_000
_TITLE_LENGTH = 60
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_WEEK_MS = 7 * _DAY_MS
_MONDAY_MS = 4 * _DAY_MS  # 5 January 1970; the epoch was a Thursday
_DAY_WEIGHTS = (1.0, 1.1, 1.1, 1.05, 0.8, 0.08, 0.05)
_HOUR_WEIGHTS = (0, 0, 0, 0, 0, 1, 4, 12, 26, 30, 28, 18, 14, 26, 28, 24, 14, 6, 3, 2, 1, 1, 0, 0)


class Planner:
    """Draws conversations; what it draws depends only on the options."""

    def __init__(
        self,
        options: HistoryOptions,
        spaces: Sequence[Space],
        people: Sequence[Principal],
        asker: Principal,
    ) -> None:
        self._options = options
        self._people = people
        self._asker = asker
        self._random = random.Random(f"{options.seed}:conversations")
        self._open = [space for space in spaces if not space.is_restricted]
        self._closed = [space for space in spaces if space.is_restricted]
        weights = [1 / (number + 1) ** 0.7 for number in range(len(self._open))]
        self._space_weights = list(accumulate(weights))
        self._hours = list(accumulate(self._hour_weights()))

    def conversations(self) -> Iterator[Conversation]:
        """Yield the conversations that end before the history does, in no order of time."""
        restricted = seen = 0
        for number, turns in enumerate(self._lengths()):
            seen += turns
            space = self._pick_space()
            if self._closed and restricted + turns <= self._options.restricted_share * seen:
                restricted += turns
                space = self._closed[0]
            yield self._conversation(number, turns, space, self._start_ms())

    def in_flight(self) -> Iterator[Conversation]:
        """Yield the conversations whose one question was asked right before the end."""
        count = in_flight_count(self._options)
        for number in range(count):
            asked_ms = self._options.end_ms - (count - number) * _IN_FLIGHT_STEP_MS
            yield self._conversation(f"in-flight-{number}", 1, self._pick_space(), asked_ms)

    def _lengths(self) -> list[int]:
        messages = self._options.messages - in_flight_count(self._options)
        if self._options.turns is not None:
            full, rest = divmod(messages, self._options.turns)
            return [self._options.turns] * full + ([rest] if rest else [])
        fixed = [_LONG_CONVERSATION] if messages >= _FEWEST_FOR_LONG else []
        rest = messages - sum(fixed)
        count = max(1, round(messages / _MEAN_TURNS) - len(fixed)) if rest else 0
        shares = [self._random.expovariate(1) for _ in range(count)]
        scale = (rest - count) / sum(shares) if count else 0.0
        lengths = [1 + int(share * scale) for share in shares]
        for number in range(rest - sum(lengths)):
            lengths[number % count] += 1
        return fixed + lengths

    def _conversation(
        self, key: int | str, turns: int, space: Space, created_ms: int
    ) -> Conversation:
        author, channel = self._pick_author(turns)
        return Conversation(
            conversation_id=hex_id(self._options.seed, "conversation", key),
            space=space,
            author=author,
            channel=channel,
            title="",
            created_ms=created_ms,
            turns=turns,
        )

    def _pick_author(self, turns: int) -> tuple[Principal, Channel]:
        draw = self._random.random()
        person = self._people[int(len(self._people) * self._random.random() ** _CROWDING)]
        if draw < _ASKER_SHARE or turns == _LONG_CONVERSATION:
            return self._asker, Channel.API
        if draw < _ASKER_SHARE + _PEOPLE_BY_API_SHARE:
            return person, Channel.API
        return person, Channel.UI

    def _pick_space(self) -> Space:
        return self._random.choices(self._open, cum_weights=self._space_weights)[0]

    def _hour_weights(self) -> Iterator[float]:
        for hour in range(self._options.days * 24):
            start_ms = self._options.start_ms + hour * _HOUR_MS
            weekday = (start_ms - _MONDAY_MS) % _WEEK_MS // _DAY_MS
            day_part = _HOUR_WEIGHTS[start_ms % _DAY_MS // _HOUR_MS]
            # Nobody starts in the last hour, so that the conversation ends before the history.
            is_last = hour == self._options.days * 24 - 1
            yield 0.0 if is_last else _DAY_WEIGHTS[weekday] * (day_part + 0.02)

    def _start_ms(self) -> int:
        hours = self._random.choices(range(len(self._hours)), cum_weights=self._hours)[0]
        offset_ms = int((hours + self._random.random()) * _HOUR_MS)
        return self._options.start_ms + offset_ms


def in_flight_count(options: HistoryOptions) -> int:
    """Return how many messages are being answered at the end."""
    if options.messages < _FEWEST_FOR_IN_FLIGHT:
        return 0
    return min(options.in_flight, options.messages)


def titled(text: str) -> str:
    """Return the title that Genie gives a conversation: its first question, shortened."""
    return text if len(text) <= _TITLE_LENGTH else text[: _TITLE_LENGTH - 1] + "…"
