"""Runs of the benchmarks of spaces: about one a week, with what came out of them."""

import json
import random
from collections.abc import Iterator
from typing import Any

from demo.ids import hex_id
from demo.model import EvalResult, EvalRun, HistoryOptions, Space

Json = dict[str, Any]

_WEEK_MS = 7 * 86_400_000
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_FIRST_MS = 20 * 60_000
_RUNNING_FOR_MS = 60_000
_QUESTION_MS = 25_000
_STATUSES = ("DONE", "EVALUATION_FAILED", "EVALUATION_CANCELLED", "EVALUATION_TIMEOUT")
_STATUS_WEIGHTS = (88, 5, 4, 3)
_ASSESSMENTS = ("GOOD", "BAD", "NEEDS_REVIEW")
_ASSESSMENT_WEIGHTS = (70, 18, 12)
_MANUAL_SHARE = 0.06
_TWO_REASONS_SHARE = 0.35
_REASONS = {
    "BAD": (
        "EMPTY_RESULT",
        "RESULT_MISSING_ROWS",
        "RESULT_EXTRA_ROWS",
        "RESULT_MISSING_COLUMNS",
        "RESULT_EXTRA_COLUMNS",
        "SINGLE_CELL_DIFFERENCE",
        "LLM_JUDGE_MISSING_OR_INCORRECT_FILTER",
        "LLM_JUDGE_INCORRECT_METRIC_CALCULATION",
        "LLM_JUDGE_INCORRECT_TABLE_OR_FIELD_USAGE",
        "LLM_JUDGE_MISSING_OR_INCORRECT_JOIN",
        "LLM_JUDGE_MISSING_OR_INCORRECT_AGGREGATION",
        "LLM_JUDGE_MISINTERPRETATION_OF_USER_REQUEST",
    ),
    "NEEDS_REVIEW": (
        "EMPTY_GOOD_SQL",
        "COLUMN_TYPE_DIFFERENCE",
        "LLM_JUDGE_INCOMPLETE_OR_PARTIAL_OUTPUT",
        "LLM_JUDGE_FORMATTING_ERROR",
        "LLM_JUDGE_OTHER",
    ),
}


def build_eval_runs(options: HistoryOptions, spaces: tuple[Space, ...]) -> tuple[EvalRun, ...]:
    """Return the runs of all spaces that have benchmarks, oldest first.

    With messages in flight, the first of these spaces is being evaluated at the end.
    """
    runs = [run for space in spaces for run in _weekly(options, space)]
    running = next((run.space for run in runs), None)
    if running is not None and options.in_flight:
        draws = random.Random(f"{options.seed}:evals:running")
        runs.append(_run(options, running, options.end_ms - _RUNNING_FOR_MS, "DONE", draws))
    return tuple(sorted(runs, key=lambda run: (run.created_ms, run.run_id)))


def _weekly(options: HistoryOptions, space: Space) -> Iterator[EvalRun]:
    if not _benchmarks(space):
        return
    draws = random.Random(f"{options.seed}:evals:{space.space_id}")
    created_ms = options.start_ms + _FIRST_MS + int(6 * _DAY_MS * draws.random())
    while created_ms < options.end_ms - _HOUR_MS:
        status = draws.choices(_STATUSES, _STATUS_WEIGHTS)[0]
        yield _run(options, space, created_ms, status, draws)
        created_ms += _WEEK_MS + int(_HOUR_MS * (10 * draws.random() - 5))


def _benchmarks(space: Space) -> list[Json]:
    found: list[Json] = json.loads(space.serialized_space).get("benchmarks", {}).get("questions")
    return found or []


def _run(
    options: HistoryOptions, space: Space, created_ms: int, status: str, draws: random.Random
) -> EvalRun:
    run_id = hex_id(options.seed, "eval run", space.space_id, created_ms)
    benchmarks = _benchmarks(space)
    done = len(benchmarks) if status == "DONE" else int(len(benchmarks) * draws.random())
    results = tuple(
        _result(run_id, benchmark, status if number >= done else "DONE", draws)
        for number, benchmark in enumerate(benchmarks)
    )
    return EvalRun(
        run_id=run_id,
        space=space,
        run_by=space.owner,
        created_ms=created_ms,
        finished_ms=created_ms + _QUESTION_MS * len(benchmarks),
        status=status,
        results=results,
    )


def _result(run_id: str, benchmark: Json, status: str, draws: random.Random) -> EvalResult:
    sql = "".join(benchmark["answer"][0]["content"])
    assessment = draws.choices(_ASSESSMENTS, _ASSESSMENT_WEIGHTS)[0]
    reasons = _REASONS.get(assessment, ())
    count = 0 if not reasons else 2 if draws.random() < _TWO_REASONS_SHARE else 1
    is_done = status == "DONE"
    return EvalResult(
        result_id=hex_id(run_id, benchmark["id"]),
        benchmark_question_id=benchmark["id"],
        question="".join(benchmark["question"]),
        benchmark_answer=sql,
        status=status,
        assessment=assessment if is_done else None,
        reasons=tuple(draws.sample(reasons, count)) if is_done else (),
        is_manual=is_done and draws.random() < _MANUAL_SHARE,
        actual_sql=_actual(sql, assessment) if is_done else None,
    )


def _actual(sql: str, assessment: str) -> str:
    if assessment == "GOOD":
        return sql
    return f"SELECT *\nFROM (\n{sql}\n) AS answer\nLIMIT 10"
