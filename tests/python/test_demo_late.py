"""What is deleted as a whole, and audit rows that arrive late or more than once."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from demo.history import History, HistoryOptions, build_history
from demo.late import split_late
from demo.system_tables import audit_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> History:
    options = HistoryOptions(end=END, messages=600, deleted_conversations=3, trashed_spaces=1)
    return build_history(options)


@pytest.fixture(scope="module")
def rows(history: History) -> list[dict]:
    return list(audit_rows(history))


def test_every_row_arrives_on_time_or_late(rows: list[dict]) -> None:
    parts = split_late(rows, share=0.1, parts=3, repeated=0.05)

    dealt = Counter(row["event_id"] for part in parts for row in part)
    assert dealt.keys() == {row["event_id"] for row in rows}
    assert len(parts) == 4
    assert all(parts)
    late = {row["event_id"] for part in parts[1:] for row in part}
    assert 0.1 < len(late) / len(dealt) < 0.2
    assert 0.03 < sum(dealt.values()) / len(rows) - 1 < 0.07


def test_late_rows_are_of_any_age_and_unchanged(rows: list[dict]) -> None:
    on_time, *late = split_late(rows, share=0.1, parts=2)

    for part in late:
        assert part[0]["event_time"] < on_time[len(on_time) // 4]["event_time"]
        assert part[-1]["event_time"] > on_time[-len(on_time) // 4]["event_time"]
        assert part == sorted(part, key=rows.index)


def test_the_seed_decides_what_is_late(rows: list[dict]) -> None:
    assert split_late(rows, seed=1) == split_late(rows, seed=1) != split_late(rows, seed=2)
    with pytest.raises(ValueError, match="at least 1"):
        split_late(rows, parts=0)


def test_a_deleted_conversation_is_one_event_and_takes_its_messages(
    history: History, rows: list[dict]
) -> None:
    deleted = {
        row["request_params"]["conversation_id"]
        for row in rows
        if row["action_name"] == "deleteConversation"
    }

    assert len(deleted) == 3
    for message in history.messages:
        thread = message.conversation
        assert (thread.deleted_ms is not None) == (thread.conversation_id in deleted)
        assert thread.deleted_ms is None or message.deleted_ms is not None


def test_a_trashed_space_is_an_event(history: History, rows: list[dict]) -> None:
    trashed = [row for row in rows if row["action_name"] == "trashSpace"]

    assert [row["request_params"]["space_id"] for row in trashed] == [
        space.space_id for space in history.spaces if space.trashed_ms is not None
    ]
    assert len(trashed) == 1


def test_by_default_nothing_is_deleted_as_a_whole() -> None:
    plain = build_history(HistoryOptions(end=END, messages=200))

    assert all(message.conversation.deleted_ms is None for message in plain.messages)
    assert all(space.trashed_ms is None for space in plain.spaces)
