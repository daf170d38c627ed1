"""Conversations by listing, benchmark runs, comments, questions asked while we look."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from harness import CLIENT_SECRET, Project

from demo.history import History, HistoryOptions, build_history
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from demo.system_tables import audit_rows

# the REST side follows the clock: the history ends today, so that its benchmarks are remembered
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
VARS = json.dumps({"unsettled_seconds": 0, "gone_confirm_seconds": 0})
# what ingesters and these tests read
READ = (
    *("+genie_messages_to_fetch", "+genie_spaces_to_fetch", "+genie_comments_to_fetch"),
    *("+genie_conversations", "+genie_eval_runs", "+genie_eval_results", "+message_details"),
    *("+genie_pipeline_validation", "+genie_listing_coverage", "+silver_message_comments"),
    *("+genie_space_changes", "+genie_space_details"),
)

pytestmark = pytest.mark.slow


@dataclass
class Site:
    project: Project
    history: History
    served: SimulatedWorkspaces
    unlogged: set[str]

    def build(self, *select: str) -> None:
        # all models and their tests are built once, in the end; each time would take minutes
        kinds = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        self.project.dbt("build", *kinds, "--vars", VARS, "--select", *(select or READ))

    def load_audit(self, name: str, rows: list[dict[str, object]]) -> None:
        path = self.project.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.project.ingest("load-files", "--table", "audit", str(path))


@pytest.fixture(scope="module")
def site(make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]) -> Site:
    """Everything is fetched, and the audit log has lost a few conversations."""
    history = build_history(
        HistoryOptions(end=END, messages=150, restricted_share=0, deleted_share=0, in_flight=0)
    )
    served = serve(history, rules=Rules(answer_seconds=0, asks_per_minute=100))
    project = make_project()
    project.sign_in(history)
    project.load(history, served.urls)
    conversations = sorted({m.conversation.conversation_id for m in history.messages})
    unlogged = set(conversations[:3])
    project.database.unlink()
    found = Site(project, history, served, unlogged)
    tables = project.folder / "system_tables"
    for table in ("workspaces", "query_history"):
        project.ingest("load-files", "--table", table, str(tables / f"{table}.jsonl"))
    kept = [row for row in audit_rows(history) if not unlogged & set(text_of(row).split('"'))]
    found.load_audit("kept", kept)
    found.build()
    project.ingest("spaces")
    project.ingest("messages")
    found.build()
    return found


def text_of(row: dict[str, object]) -> str:
    return json.dumps(row).replace('\\"', '"')


def test_listing_finds_what_the_audit_log_does_not_know(site: Site) -> None:
    hidden = {
        m.message_id
        for m in site.history.messages
        if m.conversation.conversation_id in site.unlogged
    }
    stored = "select count(distinct message_id) from genie_raw.messages"
    assert site.project.value(stored) == len(site.history.messages) - len(hidden)
    site.project.ingest("conversations")
    assert site.project.value(stored) == len(site.history.messages)
    site.build()
    validation = "select unlogged_message_count from genie_analytics.genie_pipeline_validation"
    assert site.project.value(validation) == len(hidden)
    verdicts = site.project.query(
        "select distinct verdict from genie_analytics.genie_listing_coverage"
    )
    assert verdicts == [{"verdict": "complete"}]


def test_listing_again_fetches_no_message_again(site: Site) -> None:
    before = site.served.calls["list_messages"] + site.served.calls["get_message"]
    site.project.ingest("conversations")
    assert site.served.calls["list_messages"] + site.served.calls["get_message"] == before


def test_a_listing_without_can_manage_is_told(
    make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]
) -> None:
    """What others asked must be listed; our own conversations are, whatever we may do."""
    history = build_history(
        HistoryOptions(
            end=END,
            messages=3,
            workspaces=1,
            spaces=4,
            turns=1,
            restricted_share=0,
            deleted_share=0,
        )
    )
    blind = serve(history, rules=Rules(observer_can_manage=False, answer_seconds=0))
    project = make_project()
    project.sign_in(history)
    project.load(history, blind.urls)
    site = Site(project, history, blind, set())
    used = sorted({message.conversation.space.space_id for message in history.messages})
    unused = sorted({space.space_id for space in history.spaces} - set(used))
    assert len(used) > 1
    assert unused
    people = people_of(site, history.observer.name)
    for space_id in (used[0], unused[0]):
        people.genie.start_conversation(space_id, "How many orders came today?")
    site.load_audit("own", blind.audit_rows())
    ours = json.dumps({"genie_service_principals": [history.observer.name]})
    kinds = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
    lists = ("+genie_conversations", "+genie_messages_to_fetch", "+genie_spaces_to_fetch")
    project.dbt("build", *kinds, "--vars", ours, "--select", *lists)
    errors = project.ingest("conversations", expect=2).stderr
    for space_id in used:
        assert f"space {space_id}: lists none of the 1 known conversations of others" in errors
    assert errors.count("grant CAN MANAGE") == len(used)

    seeing = serve(history)
    with duckdb.connect(str(project.database)) as connection:
        urls = list(seeing.urls.values())
        connection.execute("update genie_raw.workspaces set workspace_url = ?", urls)
    project.ingest("conversations")


def test_benchmark_runs_are_kept_after_the_api_forgets_them(site: Site) -> None:
    site.project.ingest("evals")
    site.build()
    runs = site.project.query("select * from genie_analytics.genie_eval_runs")
    assert {run["eval_run_id"] for run in runs} == {run.run_id for run in site.history.eval_runs}
    final = [run for run in runs if run["is_final"]]
    assert final
    for run in final:
        assert run["is_complete"]
        assert run["result_count"] == run["num_done"] or run["status"] != "DONE"
        if run["accuracy"] is not None:
            assert run["accuracy"] == pytest.approx(run["num_correct"] / run["num_questions"])
    results = "select * from genie_analytics.genie_eval_results order by 1, 2, 3, 4"
    before = site.project.query(results)
    calls = site.served.calls.copy()
    site.project.ingest("evals")
    listed = {kind for kind in site.served.calls if site.served.calls[kind] > calls[kind]}
    assert listed == {"list_eval_runs"}, "what is complete is only listed"
    site.build()
    assert site.project.query(results) == before


def people_of(site: Site, name: str | None = None) -> WorkspaceClient:
    """Sign in in the first workspace, as the other team, which asks by API, unless named."""
    url = next(iter(site.served.urls.values()))
    client_id = name or site.history.asker.name
    return WorkspaceClient(
        config=Config(host=url, client_id=client_id, client_secret=CLIENT_SECRET)
    )


def first_space(site: Site) -> str:
    workspace_id = next(iter(site.served.urls))
    return next(s for s in site.history.spaces if s.workspace.workspace_id == workspace_id).space_id


def test_what_happens_while_we_look_is_followed(site: Site) -> None:
    """Questions, feedback, comments and deletions reach gold through the audit log."""
    people = people_of(site)
    space_id = first_space(site)
    asked = people.genie.start_conversation(space_id, "How many orders came today?").response
    deleted = people.genie.start_conversation(space_id, "What did I just ask?").response
    site.load_audit("asked", site.served.audit_rows())
    site.build()
    site.project.ingest("messages")
    people.genie.send_message_feedback(
        space_id, asked.conversation_id, asked.message_id, rating=rating_negative()
    )
    people.genie.create_message_comment(
        space_id, asked.conversation_id, asked.message_id, "please check"
    )
    people.genie.delete_conversation_message(space_id, deleted.conversation_id, deleted.message_id)
    site.load_audit("later", site.served.audit_rows())
    site.build()
    states = state_of(site, asked.message_id), state_of(site, deleted.message_id)
    assert states == ("changed", "changed")

    site.project.ingest("messages", expect=2)
    site.project.ingest("comments")
    site.build()
    assert state_of(site, asked.message_id) == "settled"
    assert state_of(site, deleted.message_id) == "gone"
    (row,) = site.project.query(
        "select content, feedback_rating, status from genie_analytics.message_details"
        " where message_id = ?",
        [asked.message_id],
    )
    assert row == {
        "content": "How many orders came today?",
        "feedback_rating": "NEGATIVE",
        "status": "COMPLETED",
    }
    comment = "select content from genie_silver.silver_message_comments where message_id = ?"
    assert site.project.value(comment, [asked.message_id]) == "please check"
    assert "nothing new" in site.project.ingest("comments").stdout


def rating_negative() -> object:
    from databricks.sdk.service.dashboards import GenieFeedbackRating

    return GenieFeedbackRating.NEGATIVE


def state_of(site: Site, message_id: str) -> str:
    state: str = site.project.value(
        "select fetch_state from genie_analytics.genie_messages_to_fetch where message_id = ?",
        [message_id],
    )
    return state


def test_changed_spaces_leave_a_history(site: Site) -> None:
    space_id = first_space(site)
    workspace_id = next(iter(site.served.urls))
    site.served.edit_space(space_id, title="Orders, renamed")
    site.project.ingest("spaces", "--workspace", workspace_id)
    site.build()
    changes = site.project.query(
        "select is_first, is_title_changed, previous_title from genie_analytics.genie_space_changes"
        " where space_id = ? order by changed_seen_at",
        [space_id],
    )
    assert [change["is_first"] for change in changes] == [True, False]
    assert changes[1]["is_title_changed"]
    assert changes[1]["previous_title"] != "Orders, renamed"
    details = "select title from genie_analytics.genie_space_details where space_id = ?"
    assert site.project.value(details, [space_id]) == "Orders, renamed"


def test_what_the_audit_log_lost_is_missing_and_nothing_else(site: Site) -> None:
    site.build("*")
    lost = {
        m.conversation.space.space_id
        for m in site.history.messages
        if m.conversation.conversation_id in site.unlogged
    }
    missing = site.project.query(
        "select distinct check_name, space_id from genie_analytics.genie_completeness"
        " where missing_count > 0"
    )
    assert {row["check_name"] for row in missing} == {"rest_to_audit"}
    assert {row["space_id"] for row in missing} <= lost


def test_every_other_test_of_the_models_holds_after_all_this(site: Site) -> None:
    site.project.dbt(
        *("test", "--exclude-resource-type", "unit_test", "--vars", VARS),
        *("--exclude", "assert_no_feed_is_broken"),
    )
