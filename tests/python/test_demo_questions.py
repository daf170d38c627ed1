"""Questions of our own, and questions from a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.history import HistoryOptions, build_history
from demo.questions import Question, own_questions, read_questions

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)


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
