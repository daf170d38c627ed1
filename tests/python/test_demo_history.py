"""The simulated history: its size, its traits and its spaces."""

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.answers import answer
from demo.history import History, HistoryOptions, build_history
from demo.model import Fate
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END))


def test_two_thousand_messages_make_about_three_hundred_conversations(history: History) -> None:
    conversations = {message.conversation.conversation_id for message in history.messages}

    assert len(history.messages) == 2000
    assert len({message.message_id for message in history.messages}) == 2000
    assert 285 <= len(conversations) <= 315


def test_the_mix_of_outcomes_is_that_of_a_busy_account(history: History) -> None:
    fates = Counter(message.fate for message in history.messages)

    answered = fates[Fate.ANSWERED] + fates[Fate.REPAIRED] + fates[Fate.TWO_STEPS]
    assert 0.74 <= answered / 2000 <= 0.84
    assert 0.05 <= (fates[Fate.REPAIRED] + fates[Fate.TWO_STEPS]) / 2000 <= 0.08
    assert 0.06 <= (fates[Fate.DECLINED] + fates[Fate.CLARIFIED]) / 2000 <= 0.10
    assert 0.04 <= fates[Fate.FAILED] / 2000 <= 0.08
    assert 0.01 <= fates[Fate.CANCELLED] / 2000 <= 0.03
    assert 0.025 <= fates[Fate.EXPIRED] / 2000 <= 0.055
    assert 0.09 <= sum(bool(one.ratings) for one in history.messages) / 2000 <= 0.15
    assert len({one.failure.type for one in history.messages if one.failure}) >= 8


def test_small_shares_are_hidden_deleted_and_in_flight(history: History) -> None:
    restricted = [one for one in history.messages if one.conversation.space.is_restricted]
    deleted = [one for one in history.messages if one.deleted_ms is not None]
    in_flight = [one for one in history.messages if one.is_in_flight]

    assert 20 <= len(restricted) <= 41
    assert 4 <= len(deleted) <= 7
    assert in_flight == list(history.messages[-2:])
    assert not any(one.conversation.space.is_restricted for one in in_flight)


def test_the_shares_can_be_switched_off() -> None:
    options = HistoryOptions(end=END, restricted_share=0, deleted_share=0, in_flight=0)

    quiet = build_history(options)

    assert not any(space.is_restricted for space in quiet.spaces)
    assert not any(one.deleted_ms or one.is_in_flight for one in quiet.messages)


def test_people_ask_on_working_days_in_office_hours(history: History) -> None:
    moments = [datetime.fromtimestamp(one.created_ms / 1000, UTC) for one in history.messages]

    assert sum(moment.weekday() < 5 for moment in moments) > 1800
    assert sum(7 <= moment.hour <= 18 for moment in moments) > 1700


def test_nothing_happens_before_the_start_or_after_the_end(history: History) -> None:
    settled = [one for one in history.messages if not one.is_in_flight]

    assert all(one.created_ms < one.finished_ms < to_ms(END) for one in settled)
    assert min(one.created_ms for one in settled) > to_ms(END - timedelta(days=46))


def to_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_turns_of_a_conversation_follow_each_other(history: History) -> None:
    threads = defaultdict(list)
    for message in history.messages:
        threads[message.conversation.conversation_id].append(message)

    for messages in threads.values():
        assert [one.turn for one in messages] == list(range(messages[0].conversation.turns))
        assert messages[0].conversation.created_ms < messages[0].created_ms
    assert max(map(len, threads.values())) > 100


def test_one_answer_is_oversized_and_some_questions_look_unusual(history: History) -> None:
    oversized = [one for one in history.messages if one.is_oversized]
    contents = "".join(one.content for one in history.messages)

    assert len(oversized) == 1
    assert len(answer(oversized[0]).statements[0].sql) > 70_000
    assert "📈" in contents or "🙏" in contents or "👋" in contents
    assert re.search("[\u0590-\u06ff]", contents)


@pytest.mark.parametrize("messages", [1, 2, 7, 49, 50, 100, 999])
def test_any_number_of_messages_is_met_exactly(messages: int) -> None:
    assert len(build_history(HistoryOptions(end=END, messages=messages)).messages) == messages


def test_without_messages_there_are_spaces_but_no_events() -> None:
    empty = build_history(HistoryOptions(end=END, messages=0))

    assert len(empty.spaces) == 6
    assert list(audit_rows(empty)) == []
    assert list(query_history_rows(empty)) == []
    assert len(list(workspaces_rows(empty, {}))) == 2


def test_without_spaces_there_are_only_workspaces() -> None:
    bare = build_history(HistoryOptions(end=END, spaces=0))

    assert (bare.spaces, bare.messages, list(audit_rows(bare))) == ((), (), [])
    assert len(bare.workspaces) == 2


def test_equal_options_give_equal_files_in_any_process(tmp_path: Path) -> None:
    for name in ("1", "2"):
        command = [sys.executable, "-m", "demo", "load", "--files-only", "--messages", "300"]
        command += ["--end", "2026-11-02T16:30:00Z", "--out", str(tmp_path / name)]
        environment = os.environ | {"PYTHONHASHSEED": name}
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)

    for table in ("audit", "workspaces", "query_history"):
        first, second = (tmp_path / name / f"{table}.jsonl" for name in ("1", "2"))
        assert first.read_bytes() == second.read_bytes()


def test_another_seed_gives_another_history(history: History) -> None:
    other = build_history(replace(history.options, seed=8))

    assert {one.message_id for one in other.messages}.isdisjoint(
        one.message_id for one in history.messages
    )


def test_serialized_spaces_obey_the_rules_of_version_2(history: History) -> None:
    configs = [json.loads(space.serialized_space) for space in history.spaces]

    assert [config["version"] for config in configs] == [2, 2, 2, 1, 2, 2]
    assert list(configs[1]) == ["version", "data_sources"]
    for config in configs:
        assert_sorted(config)
        instructions = config.get("instructions", {})
        for join in instructions.get("join_specs", []):
            assert join["sql"][1].startswith("--rt=FROM_RELATIONSHIP_TYPE_")
        assert len(instructions.get("text_instructions", [])) <= 1


def assert_sorted(node: object) -> None:
    if isinstance(node, dict):
        for value in node.values():
            assert_sorted(value)
    elif isinstance(node, list) and node and isinstance(node[0], dict):
        for key in ("id", "identifier", "column_name", "name"):
            if key in node[0]:
                found = [entry[key] for entry in node]
                assert found == sorted(set(found))
                assert key != "id" or all(re.fullmatch("[0-9a-f]{32}", one) for one in found)
                break
        for entry in node:
            assert_sorted(entry)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": -1},
        {"workspaces": 0},
        {"deleted_share": 1.0},
        {"end": datetime(2026, 1, 1)},
        {"questions": ()},
    ],
)
def test_options_out_of_range_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        HistoryOptions(**{"end": END} | change)
