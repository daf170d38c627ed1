"""What is asked in a conversation and what becomes of it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from demo.conversations import titled
from demo.failures import draw_failure
from demo.ids import hex_id
from demo.model import Channel, Conversation, Fate, HistoryOptions, Message, Rating
from demo.questions import Question

_FATES = {
    Fate.ANSWERED: 73.5,
    Fate.REPAIRED: 3.5,
    Fate.TWO_STEPS: 3.0,
    Fate.DECLINED: 4.0,
    Fate.CLARIFIED: 4.0,
    Fate.FAILED: 6.0,
    Fate.CANCELLED: 2.0,
    Fate.EXPIRED: 4.0,
}
_FATE_LIST = list(_FATES)
_FATE_WEIGHTS = list(accumulate(_FATES.values()))
_SETTLED_BEFORE_MS = 120_000
_LONG_GAP_MS = 20 * 60_000
_MEAN_GAP_MS = {Channel.UI: 85_000, Channel.API: 20_000}
_SHORTEST_GAP_MS = 6_000
_FEWEST_FOR_OVERSIZED = 100
_UNUSUAL_LOOK_SHARE = 0.008
_FOLLOW_UP_SHARE = 0.2
_RECENT = 0.2
_AUTO_REGENERATED_SHARE = 0.035
_REGENERATED_SHARE = 0.01
_RATED_SHARE = 0.12
_RERATED_SHARE = 0.08
_TAKEN_BACK_SHARE = 0.15
_FOLLOW_UPS = (
    "{} Only for the last 30 days, please.",
    "And now: {}",
    "Same question without the test data: {}",
    "{} Show it as a table.",
)
_LOOKS = (
    "{} 📈",
    "{} 🙏",
    "👋 {}",
    "ما هو إجمالي الإيرادات حسب المنطقة؟ ({})",
    "כמה הזמנות היו החודש לפי אזור? ({})",
)
_PRAISE = ("Exactly what I needed", "Correct, thank you 👍", "Matches the monthly report")
_BLAME = (
    "The total does not match our report",
    "Wrong table: these are gross amounts",
    "It ignored the filter on the last month",
    "I asked for the region, not the country",
)


class Scribe:
    """Writes the messages of conversations; what it writes depends only on the options."""

    def __init__(self, options: HistoryOptions) -> None:
        self._options = options
        self._random = random.Random(f"{options.seed}:messages")
        self._of_domain: dict[str, list[Question]] = {}
        for question in options.questions:
            self._of_domain.setdefault(question.domain, []).append(question)
        self._count = 0
        self._oversized_at = (
            options.messages // 4 if options.messages >= _FEWEST_FOR_OVERSIZED else None
        )

    def messages(self, conversation: Conversation) -> Iterator[Message]:
        """Yield the messages of one conversation in order, all before the history's end."""
        turns = self._draw_turns(conversation)
        if turns[-1][1] > self._options.end_ms - _SETTLED_BEFORE_MS:
            excess_ms = turns[-1][1] - self._options.end_ms + _SETTLED_BEFORE_MS
            turns = [(asked - excess_ms, done - excess_ms) for asked, done in turns]
        asked = [self._draw_question(conversation, turn) for turn in range(len(turns))]
        conversation = replace(
            conversation, created_ms=turns[0][0] - 300, title=titled(asked[0][1])
        )
        for turn, (times, question) in enumerate(zip(turns, asked, strict=True)):
            yield self._message(conversation, turn, times, question)

    def in_flight(self, conversation: Conversation) -> Message:
        """Return the only message of a conversation that is being answered at the end."""
        question, content = self._draw_question(conversation, 0)
        asked_ms = conversation.created_ms
        conversation = replace(conversation, created_ms=asked_ms - 300, title=titled(content))
        return Message(
            conversation=conversation,
            turn=0,
            message_id=self._next_id(),
            question=question,
            content=content,
            created_ms=asked_ms,
            finished_ms=self._options.settled_ms,
            fate=Fate.ANSWERED,
            failure=None,
            deleted_ms=None,
            regenerated_ms=None,
            auto_regenerate_count=0,
            ratings=(),
            is_in_flight=True,
            is_oversized=False,
            salt=self._random.getrandbits(48),
        )

    def _next_id(self) -> str:
        self._count += 1
        return hex_id(self._options.seed, "message", self._count)

    def _draw_turns(self, conversation: Conversation) -> list[tuple[int, int]]:
        turns = []
        asked_ms = conversation.created_ms
        for _ in range(conversation.turns):
            took_ms = min(240_000, 2_500 + int(self._random.lognormvariate(8.9, 0.6)))
            turns.append((asked_ms, asked_ms + took_ms))
            gap_ms = int(self._random.expovariate(1 / _MEAN_GAP_MS[conversation.channel]))
            asked_ms += took_ms + _SHORTEST_GAP_MS + min(_LONG_GAP_MS, gap_ms)
        return turns

    def _draw_question(self, conversation: Conversation, turn: int) -> tuple[Question, str]:
        questions: Sequence[Question] = self._of_domain[conversation.space.domain]
        question = questions[int(len(questions) * self._random.random())]
        draw = self._random.random()
        if draw < _UNUSUAL_LOOK_SHARE:
            return question, self._random.choice(_LOOKS).format(question.question)
        if turn and draw < _FOLLOW_UP_SHARE:
            return question, self._random.choice(_FOLLOW_UPS).format(question.question)
        return question, question.question

    def _message(
        self,
        conversation: Conversation,
        turn: int,
        times: tuple[int, int],
        asked: tuple[Question, str],
    ) -> Message:
        is_oversized = self._takes_oversized(conversation)
        deleted_ms = None if is_oversized else self._draw_deletion(times[1])
        fate = Fate.ANSWERED if is_oversized else self._draw_fate(times[1])
        regenerated_ms, finished_ms, regenerations = self._draw_regeneration(
            conversation, fate, times
        )
        return Message(
            conversation=conversation,
            turn=turn,
            message_id=self._next_id(),
            question=asked[0],
            content=asked[1],
            created_ms=times[0],
            finished_ms=finished_ms,
            fate=fate,
            failure=draw_failure(self._random) if fate is Fate.FAILED else None,
            deleted_ms=deleted_ms,
            regenerated_ms=regenerated_ms,
            auto_regenerate_count=regenerations,
            ratings=self._draw_ratings(fate, finished_ms),
            is_in_flight=False,
            is_oversized=is_oversized,
            salt=self._random.getrandbits(48),
        )

    def _takes_oversized(self, conversation: Conversation) -> bool:
        if self._oversized_at is None or self._count < self._oversized_at:
            return False
        if conversation.space.is_restricted:
            return False
        self._oversized_at = None
        return True

    def _draw_deletion(self, finished_ms: int) -> int | None:
        share = self._options.deleted_share
        if int(share * (self._count + 1)) == int(share * self._count):
            return None
        later_ms = finished_ms + int(self._random.expovariate(1 / 7_200_000)) + 5_000
        return min(later_ms, self._options.end_ms - 1_000)

    def _draw_fate(self, finished_ms: int) -> Fate:
        fate = self._random.choices(_FATE_LIST, cum_weights=_FATE_WEIGHTS)[0]
        age = (self._options.end_ms - finished_ms) / (self._options.end_ms - self._options.start_ms)
        # Results are kept for a while, so what is recent has not expired yet.
        if fate is Fate.EXPIRED and age < _RECENT:
            return Fate.ANSWERED
        return fate

    def _draw_regeneration(
        self, conversation: Conversation, fate: Fate, times: tuple[int, int]
    ) -> tuple[int | None, int, int]:
        draw = self._random.random()
        if fate in (Fate.CANCELLED, Fate.EXPIRED) or draw > _AUTO_REGENERATED_SHARE:
            return None, times[1], 0
        if conversation.channel is Channel.API or draw > _REGENERATED_SHARE:
            return None, times[1], 1
        again_ms = times[1] + int(2_000 + 25_000 * self._random.random())
        done_ms = again_ms + 2_500 + int(12_000 * self._random.random())
        if done_ms >= self._options.end_ms:
            return None, times[1], 0
        return again_ms, done_ms, 1

    def _draw_ratings(self, fate: Fate, finished_ms: int) -> tuple[Rating, ...]:
        if self._random.random() > _RATED_SHARE:
            return ()
        is_bad = self._random.random() < (0.15 if fate in _FATE_LIST[:3] else 0.6)
        delay_ms = 4_000 + int(self._random.expovariate(1 / 90_000))
        final = self._rating(finished_ms + delay_ms, is_bad=is_bad)
        ratings: tuple[Rating, ...] = (final,)
        if self._random.random() < _RERATED_SHARE:
            changed = Rating(final.at_ms + 30_000 + delay_ms, _rerated(final, self._random))
            ratings = (final, changed)
        return tuple(rating for rating in ratings if rating.at_ms < self._options.end_ms)

    def _rating(self, at_ms: int, *, is_bad: bool) -> Rating:
        comment = None
        if self._random.random() < (0.45 if is_bad else 0.1):
            comment = self._random.choice(_BLAME if is_bad else _PRAISE)
        return Rating(at_ms, "NEGATIVE" if is_bad else "POSITIVE", comment)


def _rerated(rating: Rating, draws: random.Random) -> str:
    if draws.random() < _TAKEN_BACK_SHARE:
        return "NONE"
    return "POSITIVE" if rating.rating == "NEGATIVE" else "NEGATIVE"
