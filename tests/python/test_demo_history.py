"""The simulated history: its size, its traits, and system tables that agree with it."""

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
from demo.files import write_system_tables
from demo.history import History, HistoryOptions, build_history
from demo.model import Channel, Fate
from demo.ordering import in_time_order
from demo.questions import Question, own_questions, read_questions
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT.parent / "shared/facts/samples/system_table_schemas.describe_extended.json"
ASKS = {
    "createConversationMessage",
    "genieStartConversationMessage",
    "genieCreateConversationMessage",
}
FEEDBACK = {"updateConversationMessageFeedback", "genieSendMessageFeedback"}


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END))


@pytest.fixture(scope="module")
def audit(history: History) -> list[dict]:
    return list(audit_rows(history))


@pytest.fixture(scope="module")
def statements(history: History) -> list[dict]:
    return list(query_history_rows(history))


def result_of(row: dict) -> dict:
    return json.loads(row["response"]["result"] or "{}")


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


def test_every_message_was_asked_exactly_once(history: History, audit: list[dict]) -> None:
    asked = defaultdict(dict)
    for row in audit:
        if row["action_name"] in ASKS and row["response"]["status_code"] == 200:
            asked[row["request_id"]] |= result_of(row)

    assert Counter(ids["message_id"] for ids in asked.values()) == Counter(
        message.message_id for message in history.messages
    )
    by_message = {ids["message_id"]: ids for ids in asked.values()}
    for message in history.messages:
        thread, found = message.conversation, by_message[message.message_id]
        assert found["conversation_id"] == thread.conversation_id
        assert found["space_id"] == thread.space.space_id
        assert found["user_id"] == thread.author.user_id


def test_asking_never_names_the_message_in_its_parameters(audit: list[dict]) -> None:
    asks = [row for row in audit if row["action_name"] in ASKS]
    starts = [row for row in asks if row["action_name"] == "genieStartConversationMessage"]

    assert all("message_id" not in row["request_params"] for row in asks)
    assert starts
    assert all("conversation_id" not in row["request_params"] for row in starts)


def test_refused_questions_have_a_status_and_no_ids(audit: list[dict]) -> None:
    refused = [
        row for row in audit if row["action_name"] in ASKS and row["response"]["status_code"] != 200
    ]

    assert {row["response"]["status_code"] for row in refused} <= {400, 429}
    assert 8 <= len(refused) <= 40
    assert all(row["response"]["result"] is None for row in refused)
    assert all(row["response"]["error_message"] for row in refused)


def test_audit_rows_are_in_order_and_few_are_repeated(audit: list[dict]) -> None:
    times = [row["event_time"] for row in audit]
    repeated = [count for count in Counter(row["event_id"] for row in audit).values() if count > 1]

    assert times == sorted(times)
    assert times[-1] <= "2026-11-02T16:30:00.000Z"
    assert 1 <= len(repeated) <= 40
    assert all(row["event_date"] == row["event_time"][:10] for row in audit)
    assert all(isinstance(value, str) for row in audit for value in row["request_params"].values())


def test_the_channel_shows_in_action_and_user_agent(history: History, audit: list[dict]) -> None:
    channels = {one.message_id: one.conversation.channel for one in history.messages}
    for row in audit:
        if row["action_name"] in ASKS and "message_id" in result_of(row):
            is_ui = channels[result_of(row)["message_id"]] is Channel.UI
            assert row["user_agent"].startswith("Mozilla/") == is_ui
            assert row["action_name"].startswith("genie") != is_ui


def test_the_last_rating_in_the_log_is_the_one_on_the_message(
    history: History, audit: list[dict]
) -> None:
    logged = {}
    for row in audit:
        if row["action_name"] in FEEDBACK:
            params = row["request_params"]
            rating = params.get("feedback_rating") or params["rating"]
            logged[params["message_id"]] = rating

    assert logged == {
        one.message_id: one.ratings[-1].rating for one in history.messages if one.ratings
    }
    assert any(len(one.ratings) > 1 for one in history.messages)


def test_deletions_cancellations_and_regenerations_are_logged(
    history: History, audit: list[dict]
) -> None:
    logged = defaultdict(set)
    for row in audit:
        logged[row["action_name"]].add(row["request_params"].get("message_id"))

    messages = history.messages
    assert logged["deleteConversationMessage"] == {
        one.message_id for one in messages if one.deleted_ms is not None
    }
    assert logged["cancelMessage"] == {
        one.message_id for one in messages if one.fate is Fate.CANCELLED
    }
    assert logged["regenerateConversationMessage"] == {
        one.message_id for one in messages if one.regenerated_ms is not None
    }


def test_new_spaces_are_named_only_in_the_result(history: History, audit: list[dict]) -> None:
    made = [row for row in audit if row["action_name"] in {"createSpace", "genieCreateSpace"}]

    assert {result_of(row)["space_id"] for row in made} == {
        space.space_id for space in history.spaces
    }
    assert all("space_id" not in row["request_params"] for row in made)


def test_our_own_reads_are_in_the_log_under_our_application_id(
    history: History, audit: list[dict]
) -> None:
    own = [row for row in audit if row["user_identity"]["email"] == history.observer.name]

    assert {row["action_name"] for row in own} == {
        "genieListConversationMessages",
        "genieGetConversationMessage",
    }
    assert all("databricks-sdk-py" in row["user_agent"] for row in own)
    assert sum(row["service_name"] == "genie" for row in audit) >= 3


def test_every_statement_of_an_answer_is_in_the_query_history(
    history: History, statements: list[dict]
) -> None:
    by_id = {row["statement_id"]: row for row in statements}
    assert len(by_id) == len(statements)

    for message in history.messages:
        for statement in () if message.is_in_flight else answer(message).statements:
            row = by_id.pop(statement.statement_id)
            space_id = message.conversation.space.space_id
            assert row["query_source"]["genie_space_id"] == space_id
            assert row["statement_text"] == statement.sql
            assert row["execution_status"] == statement.status
            assert bool(row["error_message"]) == (statement.status == "FAILED")
            assert message.created_ms < statement.start_ms < statement.end_ms
            assert statement.end_ms < message.finished_ms
    rest = Counter(row["query_source"]["genie_space_id"] is None for row in by_id.values())
    assert rest[True] == 400
    assert rest[False] == 72


def test_durations_of_a_statement_add_up(statements: list[dict]) -> None:
    parts = (
        "waiting_for_compute_duration_ms",
        "waiting_at_capacity_duration_ms",
        "compilation_duration_ms",
        "execution_duration_ms",
        "result_fetch_duration_ms",
    )
    for row in statements:
        assert sum(row[part] for part in parts) == row["total_duration_ms"]
        took = datetime.fromisoformat(row["end_time"]) - datetime.fromisoformat(row["start_time"])
        assert took == timedelta(milliseconds=row["total_duration_ms"])


@pytest.mark.skipif(not SCHEMAS.exists(), reason="needs the schemas of the real system tables")
def test_columns_are_those_of_the_real_tables(
    history: History, audit: list[dict], statements: list[dict]
) -> None:
    schemas = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    tables = {
        "system.access.audit": audit[0],
        "system.access.workspaces_latest": next(workspaces_rows(history, {})),
        "system.query.history": statements[0],
    }
    for name, row in tables.items():
        assert set(row) == {column["name"] for column in schemas[name]}
        for column in schemas[name]:
            if column["type"].startswith("struct<") and row[column["name"]] is not None:
                flat = re.sub(r"struct<[^<>]*>", "struct", column["type"][7:-1])
                assert set(row[column["name"]]) == set(re.findall(r"(\w+):", flat))


def test_workspace_addresses_are_null_unless_given(history: History) -> None:
    first = history.workspaces[0].workspace_id

    rows = list(workspaces_rows(history, {first: "http://127.0.0.1:1"}))

    assert [row["workspace_url"] for row in rows] == ["http://127.0.0.1:1", None]


def test_files_are_whole_and_keep_text_as_it_was(history: History, tmp_path: Path) -> None:
    files = write_system_tables(history, {}, tmp_path / "new")

    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "audit.jsonl",
        "query_history.jsonl",
        "workspaces.jsonl",
    ]
    lines = files["audit"].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(audit_rows(history))


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


def test_there_are_enough_questions_of_our_own() -> None:
    questions = own_questions()

    assert len({one.question for one in questions}) == len(questions) >= 60
    assert {one.domain for one in questions} == {"retail", "logistics", "hr", "finance"}


def test_questions_of_a_file_are_asked_in_spaces_about_them(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    entries = [
        {"question": "How many stars?", "sql": "SELECT COUNT(*) FROM stars", "database": "sky"},
        {"question": "Which tree is old?", "sql": "SELECT x FROM trees t JOIN woods w ON 1 = 1"},
    ]
    path.write_text("\n".join(map(json.dumps, entries)) + "\n\n", encoding="utf-8")

    questions = read_questions(path)
    history = build_history(HistoryOptions(end=END, messages=40, questions=questions))

    assert questions == (
        Question("How many stars?", "SELECT COUNT(*) FROM stars", "sky"),
        Question("Which tree is old?", entries[1]["sql"], "general"),
    )
    assert {space.title for space in history.spaces[:2]} == {"Sky", "General"}
    assert history.spaces[1].tables == ("main.general.trees", "main.general.woods")
    assert {one.question for one in history.messages} == set(questions)
    assert all(one.question.domain == one.conversation.space.domain for one in history.messages)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"question": "a", "sql": "b"}\n{"question": ', "line 2: not JSON"),
        ('["question"]', "line 1: expected an object"),
        ('{"question": "a"}', "line 1: 'sql' must be text"),
        ('{"question": " ", "sql": "b"}', "line 1: 'question' must be text"),
        ('{"question": "a", "sql": "b", "database": 3}', "line 1: 'database' must be text"),
        ("\n", "no question"),
    ],
)
def test_a_malformed_file_of_questions_is_named_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"questions\.jsonl") as caught:
        read_questions(path)

    assert problem in str(caught.value)


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


def test_batches_are_merged_by_time_without_waiting_for_the_last() -> None:
    seen = []

    def batches():
        for floor, items in ((0, [5, 1]), (2, [9, 2]), (6, [6])):
            seen.append(floor)
            yield floor, items

    merged = in_time_order(batches(), lambda item: item)

    assert next(merged) == 1
    assert seen == [0, 2]
    assert list(merged) == [2, 5, 6, 9]
