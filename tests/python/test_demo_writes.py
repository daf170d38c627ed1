"""What changes while the simulated workspaces are served, over the real SDK where it can."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.dashboards import GenieFeedbackRating, GenieMessageComment

from demo.comments import comment_payload
from demo.history import History, HistoryOptions, build_history
from demo.live import Live
from demo.model import Channel, Message, Space
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from demo.system_tables import audit_rows

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "0b1c2d3e-0000-4000-8000-000000000001", "secret"
SPACES = "/api/2.0/genie/spaces"


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = END + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=400, workspaces=1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(history: History, clock: Clock) -> Iterator[SimulatedWorkspaces]:
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, clock=clock) as served:
        yield served


def connect(site: SimulatedWorkspaces, client_id: str = CLIENT_ID) -> WorkspaceClient:
    return WorkspaceClient(
        config=Config(
            host=next(iter(site.urls.values())),
            client_id=client_id,
            client_secret=CLIENT_SECRET,
            auth_type="oauth-m2m",
            retry_timeout_seconds=2,
        )
    )


@pytest.fixture
def client(site: SimulatedWorkspaces) -> WorkspaceClient:
    return connect(site)


@pytest.fixture
def space(history: History) -> Space:
    return history.spaces[0]


def settled(history: History, space: Space) -> Message:
    return next(
        one
        for one in history.messages
        if one.conversation.space is space and one.deleted_ms is None and not one.ratings
    )


def ids_of(message: Message) -> tuple[str, str, str]:
    thread = message.conversation
    return thread.space.space_id, thread.conversation_id, message.message_id


def actions(site: SimulatedWorkspaces) -> list[str]:
    return [row["action_name"] for row in site.audit_rows()]


def test_a_question_goes_through_its_states_by_the_clock(
    client: WorkspaceClient, clock: Clock, space: Space
) -> None:
    asked = client.genie.start_conversation(space.space_id, "How many orders?").response
    ids = (space.space_id, asked.conversation_id, asked.message_id)
    seen = [asked.message.status.value]
    for _ in range(11):
        clock.wait(1)
        status = client.genie.get_message(*ids).status.value
        seen += [status] if status != seen[-1] else []
    message = client.genie.get_message(*ids)

    assert seen == ["SUBMITTED", "FETCHING_METADATA", "ASKING_AI", "EXECUTING_QUERY", "COMPLETED"]
    assert message.content == "How many orders?"
    assert message.attachments
    assert message.last_updated_timestamp - message.created_timestamp == 10_000


def test_our_own_conversations_are_listed_and_grow(client: WorkspaceClient, space: Space) -> None:
    asked = client.genie.start_conversation(space.space_id, "How many orders?").response
    second = client.genie.create_message(space.space_id, asked.conversation_id, "And now?").response

    (own,) = client.genie.list_conversations(space.space_id).conversations
    listed = client.genie.list_conversation_messages(space.space_id, own.conversation_id)

    assert own.conversation_id == asked.conversation_id
    assert own.title == "How many orders?"
    assert [one.message_id for one in listed.messages] == [asked.message_id, second.message_id]


def test_questions_leave_their_events(
    client: WorkspaceClient, site: SimulatedWorkspaces, space: Space
) -> None:
    asked = client.genie.start_conversation(space.space_id, "How many orders?").response
    client.genie.create_message(space.space_id, asked.conversation_id, "And now?")
    message = site.ask(space.space_id, "How many?")

    rows = site.audit_rows()
    assert actions(site) == [
        "genieStartConversationMessage",
        "genieCreateConversationMessage",
        "createConversation",
        "createConversationMessage",
    ]
    started = json.loads(rows[0]["response"]["result"])
    assert (started["conversation_id"], started["message_id"]) == (
        asked.conversation_id,
        asked.message_id,
    )
    assert rows[0]["request_params"] == {"space_id": space.space_id}
    assert "databricks-sdk-py/" in rows[0]["user_agent"]
    assert rows[3]["user_agent"].startswith("Mozilla/")
    assert json.loads(rows[3]["response"]["result"])["message_id"] == message.message_id
    assert message.conversation.channel is Channel.UI
    assert len({row["event_id"] for row in rows}) == 4


def test_a_share_of_the_questions_fails(history: History, clock: Clock, space: Space) -> None:
    rules = Rules(failed_share=1)
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, clock=clock, rules=rules) as site:
        client = connect(site)
        asked = client.genie.start_conversation(space.space_id, "How many orders?").response
        clock.wait(10)
        message = client.genie.get_message(space.space_id, asked.conversation_id, asked.message_id)

    assert message.status.value == "FAILED"
    assert message.error.type


def test_a_workspace_takes_only_so_many_questions_a_minute(
    client: WorkspaceClient, site: SimulatedWorkspaces, clock: Clock, space: Space
) -> None:
    url = next(iter(site.urls.values()))
    headers = client.config.authenticate()

    def ask() -> requests.Response:
        path = f"{url}{SPACES}/{space.space_id}/start-conversation"
        return requests.post(path, json={"content": "How many?"}, headers=headers, timeout=5)

    answers = [ask() for _ in range(6)]
    clock.wait(60)

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"].isdecimal()
    assert site.audit_rows()[-1]["response"]["status_code"] == 429
    assert site.audit_rows()[-1]["response"]["result"] is None
    assert ask().status_code == 200


def test_ratings_are_shown_and_logged(
    client: WorkspaceClient, site: SimulatedWorkspaces, history: History, space: Space
) -> None:
    ids = ids_of(settled(history, space))
    client.genie.send_message_feedback(*ids, rating=GenieFeedbackRating.NEGATIVE)
    site.rate(ids[2], "POSITIVE", "thanks")

    feedback = client.genie.get_message(*ids).feedback
    assert (feedback.rating.value, feedback.comment) == ("POSITIVE", "thanks")
    assert actions(site) == ["genieSendMessageFeedback", "updateConversationMessageFeedback"]
    with pytest.raises(BadRequest, match="rating must be one of"):
        client.api_client.do(
            "POST",
            f"{SPACES}/{ids[0]}/conversations/{ids[1]}/messages/{ids[2]}/feedback",
            body={"rating": "MEH"},
        )


def test_comments_are_found_by_message_and_by_conversation(
    client: WorkspaceClient, site: SimulatedWorkspaces, history: History, space: Space
) -> None:
    ids = ids_of(settled(history, space))
    written = client.genie.create_message_comment(*ids, content="Please look")

    alone = client.genie.list_message_comments(*ids).comments
    threaded = client.genie.list_conversation_comments(*ids[:2]).comments

    assert written in alone
    assert written in threaded
    assert actions(site) == ["createConversationMessageComment"]


def test_what_is_deleted_is_gone(
    client: WorkspaceClient, site: SimulatedWorkspaces, history: History, space: Space
) -> None:
    threads = list(
        {
            one.conversation.conversation_id: one
            for one in history.messages
            if one.conversation.space is space and one.deleted_ms is None
        }.values()
    )
    message, thread = ids_of(threads[0]), ids_of(threads[1])
    client.genie.delete_conversation_message(*message)
    client.genie.delete_conversation(*thread[:2])

    for ids in (message, thread):
        with pytest.raises(NotFound):
            client.genie.get_message(*ids)
    with pytest.raises(NotFound):
        client.genie.list_conversation_messages(*thread[:2])
    listed = client.api_client.do(
        "GET", f"{SPACES}/{space.space_id}/conversations", query={"include_all": "true"}
    )
    assert thread[1] not in {one["conversation_id"] for one in listed["conversations"]}
    assert actions(site) == ["deleteConversationMessage", "deleteConversation"]


def test_a_space_in_the_trash_answers_for_a_while(
    client: WorkspaceClient, site: SimulatedWorkspaces, clock: Clock, space: Space
) -> None:
    client.genie.trash_space(space.space_id)
    clock.wait(29)
    assert client.genie.get_space(space.space_id).title == space.title
    clock.wait(1)

    with pytest.raises(NotFound, match="has been trashed"):
        client.genie.get_space(space.space_id)
    assert space.space_id not in {one.space_id for one in client.genie.list_spaces().spaces}
    assert actions(site) == ["genieTrashSpace"]


def test_the_etag_changes_only_with_the_configuration(
    client: WorkspaceClient, site: SimulatedWorkspaces, space: Space
) -> None:
    def etag() -> str:
        return client.genie.get_space(space.space_id, include_serialized_space=True).etag

    before = etag()
    assert client.genie.update_space(space.space_id, title="New").title == "New"
    renamed = etag()
    client.genie.update_space(space.space_id, serialized_space='{"version": 2}')
    replaced = etag()
    site.edit_space(space.space_id, title="Newer", serialized_space=space.serialized_space)

    assert before == renamed != replaced
    assert etag() == before
    assert client.genie.get_space(space.space_id).title == "Newer"
    assert actions(site) == ["genieUpdateSpace", "genieUpdateSpace", "updateSpace"]
    with pytest.raises(BadRequest):
        client.genie.update_space(space.space_id, serialized_space="no JSON")


def test_another_answer_replaces_the_first(
    client: WorkspaceClient, site: SimulatedWorkspaces, clock: Clock, history: History, space: Space
) -> None:
    message = settled(history, space)
    before = client.genie.get_message(*ids_of(message)).as_dict()
    site.regenerate(message.message_id)
    running = client.genie.get_message(*ids_of(message))
    clock.wait(11)
    after = client.genie.get_message(*ids_of(message)).as_dict()

    assert running.status.value == "SUBMITTED"
    assert after["status"] == "COMPLETED"
    assert after["created_timestamp"] == before["created_timestamp"]
    assert after["last_updated_timestamp"] > before["last_updated_timestamp"]
    assert after["query_result"]["statement_id"] != before.get("query_result", {}).get(
        "statement_id"
    )
    assert actions(site) == ["regenerateConversationMessage"]
    (ran,) = site.query_history_rows()
    assert ran["statement_id"] == after["query_result"]["statement_id"]
    with pytest.raises(KeyError):
        site.regenerate("0" * 32)


def test_results_are_shown_for_queries_and_nothing_else(
    client: WorkspaceClient, history: History, space: Space
) -> None:
    message = settled(history, space)
    found = client.genie.get_message(*ids_of(message))
    queries = [one for one in found.attachments if one.query]
    others = [one for one in found.attachments if one.attachment_id and not one.query]

    result = client.genie.get_message_attachment_query_result(
        *ids_of(message), queries[-1].attachment_id
    ).statement_response
    rows = result.result.data_array or []
    assert result.statement_id == queries[-1].query.statement_id
    assert len(rows) == result.manifest.total_row_count
    assert all(isinstance(cell, str) for row in rows for cell in row)
    with pytest.raises(BadRequest, match="is not a valid query attachment"):
        client.genie.get_message_attachment_query_result(*ids_of(message), others[-1].attachment_id)


def test_without_the_right_to_manage_we_see_only_our_own(history: History, space: Space) -> None:
    rules = Rules(observer_can_manage=False)
    message = settled(history, space)
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, rules=rules) as site:
        client = connect(site)
        page = client.genie.list_conversations(space.space_id, include_all=True)
        plain = client.genie.get_space(space.space_id)
        for call in (
            lambda: client.genie.get_space(space.space_id, include_serialized_space=True),
            lambda: client.genie.update_space(space.space_id, title="Mine"),
            lambda: client.genie.get_message(*ids_of(message)),
        ):
            with pytest.raises(PermissionDenied):
                call()

    assert page.conversations == []
    assert plain.title == space.title


def test_another_team_asks_with_its_own_name(
    site: SimulatedWorkspaces, history: History, space: Space
) -> None:
    client = connect(site, history.asker.name)
    client.genie.start_conversation(space.space_id, "How many orders?")

    (row,) = site.audit_rows()
    assert row["user_identity"]["email"] == history.asker.name


def test_comments_of_the_history_are_those_of_the_audit_log(history: History) -> None:
    asked = {
        row["request_params"]["message_id"]
        for row in audit_rows(history)
        if row["action_name"] == "createConversationMessageComment"
    }
    live = Live(history, Rules())

    shown = live.comments(list(history.messages))
    assert {one.message.message_id for one in shown} >= asked
    assert len({one.comment_id for one in shown}) == len(shown) >= len(asked) > 0
    known = {field.name for field in dataclasses.fields(GenieMessageComment)}
    assert set(comment_payload(shown[0])) == known


def test_writes_from_many_threads_are_all_kept(
    site: SimulatedWorkspaces, history: History, space: Space
) -> None:
    message = settled(history, space)

    def write(number: int) -> None:
        site.rate(message.message_id, "POSITIVE", f"{number}")
        site.ask(space.space_id, "How many?")
        site.edit_space(space.space_id, **{("title", "description")[number % 2]: f"{number}"})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(100)))

    seen = Counter(actions(site))
    assert seen["updateConversationMessageFeedback"] == seen["createConversation"] == 100
    assert len({row["event_id"] for row in site.audit_rows()}) == 400
    shown = connect(site).genie
    assert shown.get_message(*ids_of(message)).feedback.comment.isdecimal()
    edited = shown.get_space(space.space_id)
    assert edited.title.isdecimal()
    assert edited.description.isdecimal()


def test_the_history_itself_never_changes(history: History) -> None:
    assert history == build_history(HistoryOptions(end=END, messages=400, workspaces=1))
