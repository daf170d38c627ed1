"""Evaluation runs of the simulated spaces, by the real SDK and against its types."""

import dataclasses
import json
import sys
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service import dashboards

from demo.evals import details_payload, result_payload, run_payload
from demo.history import History, HistoryOptions, build_history
from demo.model import EvalRun
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from demo.system_tables import audit_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "0b1c2d3e-0000-4000-8000-000000000001", "secret"


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = END

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=60, workspaces=1, days=90))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(history: History, clock: Clock) -> Iterator[SimulatedWorkspaces]:
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, clock=clock) as served:
        yield served


def connect(site: SimulatedWorkspaces) -> WorkspaceClient:
    return WorkspaceClient(
        config=Config(
            host=next(iter(site.urls.values())),
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            auth_type="oauth-m2m",
            retry_timeout_seconds=2,
        )
    )


@pytest.fixture
def client(site: SimulatedWorkspaces) -> WorkspaceClient:
    return connect(site)


@pytest.fixture(scope="module")
def runs(history: History) -> list[EvalRun]:
    return list(history.eval_runs)


def assert_known(kind: type, body: dict) -> None:
    """Every key of the body is a field of the SDK's dataclass, and so inside it."""
    hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    assert set(body) <= {field.name for field in dataclasses.fields(kind)}
    for key, value in body.items():
        inner = hints[key]
        while typing.get_args(inner):
            inner = next(one for one in typing.get_args(inner) if one is not types.NoneType)
        if dataclasses.is_dataclass(inner):
            for entry in value if isinstance(value, list) else [value]:
                assert_known(inner, entry)
        elif hasattr(inner, "__members__"):
            assert {*value} <= set(inner.__members__) if isinstance(value, list) else inner(value)


def test_the_sdk_knows_every_key_and_word(history: History, runs: list[EvalRun]) -> None:
    for now_ms in (history.options.end_ms, history.options.settled_ms):
        for run in runs:
            assert_known(dashboards.GenieEvalRunResponse, run_payload(run, now_ms))
            for one in run.results:
                assert_known(dashboards.GenieEvalResult, result_payload(run, one, now_ms))
                details = details_payload(run, one, now_ms)
                assert_known(dashboards.GenieEvalResultDetails, details)


def test_spaces_with_benchmarks_are_evaluated_about_once_a_week(
    history: History, runs: list[EvalRun]
) -> None:
    with_benchmarks = {
        space.space_id
        for space in history.spaces
        if "benchmarks" in json.loads(space.serialized_space)
    }

    assert {run.space.space_id for run in runs} == with_benchmarks
    assert 10 <= len(runs) / len(with_benchmarks) <= 14
    assert {run.status for run in runs} > {"DONE"}
    assert build_history(history.options).eval_runs == history.eval_runs


def test_runs_are_listed_in_pages_newest_first(
    client: WorkspaceClient, runs: list[EvalRun]
) -> None:
    space_id = runs[0].space.space_id
    found, token = [], None
    while True:
        page = client.genie.genie_list_eval_runs(space_id, page_size=5, page_token=token)
        assert len(page.eval_runs) <= 5
        found += page.eval_runs
        token = page.next_page_token
        if not token:
            break

    expected = [run.run_id for run in reversed(runs) if run.space.space_id == space_id]
    assert [one.eval_run_id for one in found] == expected
    assert client.genie.genie_get_eval_run(space_id, expected[-1]) == found[-1]


def test_counts_agree_with_the_results_and_their_details(
    client: WorkspaceClient, site: SimulatedWorkspaces, clock: Clock, runs: list[EvalRun]
) -> None:
    run = next(run for run in runs if run.status == "DONE")
    ids = (run.space.space_id, run.run_id)
    clock.now = datetime.fromtimestamp(run.finished_ms / 1000, UTC)

    summary = client.genie.genie_get_eval_run(*ids)
    results = client.genie.genie_list_eval_results(*ids).eval_results
    details = [client.genie.genie_get_eval_result_details(*ids, one.result_id) for one in results]

    assessments = [one.assessment.value for one in details]
    assert summary.eval_run_status.value == "DONE"
    assert (summary.num_questions, summary.num_done) == (len(results), len(results))
    assert summary.num_correct == assessments.count("GOOD")
    assert summary.num_needs_review == assessments.count("NEEDS_REVIEW")
    for one, detail in zip(results, details, strict=True):
        assert one.benchmark_answer == detail.expected_response[0].response
        assert bool(detail.assessment_reasons) == (detail.assessment.value != "GOOD")
        assert detail.actual_response[0].sql_execution_result.result.data_array
    assert site.calls["get_eval_result"] == len(results)


def test_details_are_forgotten_and_summaries_kept(
    client: WorkspaceClient, site: SimulatedWorkspaces, clock: Clock, runs: list[EvalRun]
) -> None:
    run = runs[0]
    ids = (run.space.space_id, run.run_id)
    result_id = run.results[0].result_id
    finished = datetime.fromtimestamp(run.finished_ms / 1000, UTC)
    clock.now = finished + timedelta(days=7, seconds=-1)
    client.genie.genie_get_eval_result_details(*ids, result_id)
    clock.now = finished + timedelta(days=7)
    fresh = connect(site)  # the token has expired meanwhile

    with pytest.raises(NotFound):
        fresh.genie.genie_get_eval_result_details(*ids, result_id)
    assert fresh.genie.genie_get_eval_run(*ids).num_questions == len(run.results)
    assert fresh.genie.genie_list_eval_results(*ids).eval_results


def test_one_run_is_under_way_at_the_end(
    client: WorkspaceClient, clock: Clock, runs: list[EvalRun]
) -> None:
    ids = (runs[-1].space.space_id, runs[-1].run_id)

    running = client.genie.genie_get_eval_run(*ids)
    states = [one.status.value for one in client.genie.genie_list_eval_results(*ids).eval_results]
    clock.now += timedelta(minutes=5)
    done = client.genie.genie_get_eval_run(*ids)

    assert running.eval_run_status.value == "RUNNING"
    assert running.num_done == states.count("DONE") == 2
    assert {"RUNNING", "NOT_STARTED"} < set(states)
    assert (done.eval_run_status.value, done.num_done) == ("DONE", len(states))


def test_runs_are_closed_to_those_who_may_not_manage(history: History, runs: list[EvalRun]) -> None:
    rules = Rules(observer_can_manage=False)
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, rules=rules) as site:
        client = connect(site)
        with pytest.raises(PermissionDenied):
            client.genie.genie_list_eval_runs(runs[0].space.space_id)


def test_every_run_is_in_the_audit_log(history: History, runs: list[EvalRun]) -> None:
    started = [row for row in audit_rows(history) if row["action_name"] == "createEvaluationRun"]

    named = {json.loads(row["response"]["result"])["eval_run_id"] for row in started}
    assert named == {run.run_id for run in runs}
    assert all(row["request_params"]["space_id"] for row in started)
