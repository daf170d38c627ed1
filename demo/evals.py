"""Evaluation runs behind the REST API: payloads and the handlers that read them."""

from typing import Any

from demo.calls import Request
from demo.errors import not_found
from demo.model import EvalResult, EvalRun
from demo.results import statement_response

Json = dict[str, Any]

_DAY_MS = 86_400_000
_ROWS = 4


def list_eval_runs(request: Request) -> Json:
    """Answer with the runs of a space, newest first."""
    now_ms = request.act.at_ms
    runs = request.live.eval_runs(request.managed_space().space_id, now_ms)
    return request.page("eval_runs", runs, lambda run: run_payload(run, now_ms))


def get_eval_run(request: Request) -> Json:
    """Answer with one run."""
    return run_payload(_run(request), request.act.at_ms)


def list_eval_results(request: Request) -> Json:
    """Answer with what came out for each question of a run."""
    run, now_ms = _run(request), request.act.at_ms
    results = list(run.results)
    return request.page("eval_results", results, lambda one: result_payload(run, one, now_ms))


def get_eval_result(request: Request) -> Json:
    """Answer with the details of one result, as long as they are kept."""
    run, result_id = _run(request), request.ids[2]
    kept_ms = request.live.rules.eval_details_days * _DAY_MS
    is_kept = request.act.at_ms < run.finished_ms + kept_ms
    found = [one for one in run.results if one.result_id == result_id]
    if not found or not is_kept:
        raise not_found("Evaluation result", result_id)
    return details_payload(run, found[0], request.act.at_ms)


def run_payload(run: EvalRun, now_ms: int) -> Json:
    """Return a GenieEvalRunResponse as seen at `now_ms`."""
    seen = [(_status(run, one, now_ms), one.assessment) for one in run.results]
    done = [assessment for status, assessment in seen if status == "DONE"]
    is_running = now_ms < run.finished_ms
    return {
        "eval_run_id": run.run_id,
        "eval_run_status": "RUNNING" if is_running else run.status,
        "created_timestamp": run.created_ms,
        "last_updated_timestamp": min(now_ms, run.finished_ms),
        "run_by_user": run.run_by.user_id,
        "num_questions": len(run.results),
        "num_done": len(done),
        "num_correct": done.count("GOOD"),
        "num_needs_review": done.count("NEEDS_REVIEW"),
    }


def result_payload(run: EvalRun, result: EvalResult, now_ms: int) -> Json:
    """Return a GenieEvalResult as seen at `now_ms`."""
    return {
        "result_id": result.result_id,
        "space_id": run.space.space_id,
        "benchmark_question_id": result.benchmark_question_id,
        "question": result.question,
        "benchmark_answer": result.benchmark_answer,
        "status": _status(run, result, now_ms),
        "created_by_user": run.run_by.user_id,
    }


def details_payload(run: EvalRun, result: EvalResult, now_ms: int) -> Json:
    """Return a GenieEvalResultDetails as seen at `now_ms`."""
    status = _status(run, result, now_ms)
    body: Json = {
        "result_id": result.result_id,
        "space_id": run.space.space_id,
        "benchmark_question_id": result.benchmark_question_id,
        "eval_run_status": status,
        "expected_response": [_response(result, result.benchmark_answer, "expected")],
    }
    if status == "DONE" and result.actual_sql is not None:
        body["actual_response"] = [_response(result, result.actual_sql, "actual")]
        body["assessment"] = result.assessment
        body["manual_assessment"] = result.is_manual
        if result.reasons:
            body["assessment_reasons"] = list(result.reasons)
    return body


def _run(request: Request) -> EvalRun:
    space_id, run_id = request.managed_space().space_id, request.ids[1]
    for run in request.live.eval_runs(space_id, request.act.at_ms):
        if run.run_id == run_id:
            return run
    raise not_found("Evaluation run", run_id)


def _status(run: EvalRun, result: EvalResult, now_ms: int) -> str:
    number, count = run.results.index(result), len(run.results)
    step_ms = (run.finished_ms - run.created_ms) // count
    if now_ms < run.created_ms + number * step_ms:
        return "NOT_STARTED"
    return "RUNNING" if now_ms < run.created_ms + (number + 1) * step_ms else result.status


def _response(result: EvalResult, sql: str, side: str) -> Json:
    is_same = sql == result.benchmark_answer
    return {
        "response": sql,
        "response_type": "SQL",
        "sql_execution_result": statement_response(
            f"{result.result_id}-{side}", _ROWS if is_same else _ROWS - 1
        ),
    }
