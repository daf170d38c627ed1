"""The simulated workspaces as the real SDK sees them, over HTTP on loopback."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service import dashboards

from demo.history import History, HistoryOptions, build_history
from demo.model import Conversation, Message, Space
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "0b1c2d3e-0000-4000-8000-000000000001", "secret"
SPACES = "/api/2.0/genie/spaces"


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = END

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END))


@pytest.fixture(scope="module")
def site(history: History) -> Iterator[SimulatedWorkspaces]:
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET) as served:
        yield served


def connect(url: str, secret: str = CLIENT_SECRET) -> WorkspaceClient:
    return WorkspaceClient(
        config=Config(
            host=url,
            client_id=CLIENT_ID,
            client_secret=secret,
            auth_type="oauth-m2m",
            retry_timeout_seconds=5,
        )
    )


@pytest.fixture(scope="module")
def clients(site: SimulatedWorkspaces) -> dict[str, WorkspaceClient]:
    return {workspace_id: connect(url) for workspace_id, url in site.urls.items()}


def spaces_of(history: History, workspace_id: str) -> list[Space]:
    return [space for space in history.spaces if space.workspace.workspace_id == workspace_id]


def client_of(clients: dict[str, WorkspaceClient], space: Space) -> WorkspaceClient:
    return clients[space.workspace.workspace_id]


def raw(client: WorkspaceClient, path: str, **query: object) -> dict:
    return client.api_client.do("GET", path, query=query)


def thread_path(conversation: Conversation) -> str:
    space_id = conversation.space.space_id
    return f"{SPACES}/{space_id}/conversations/{conversation.conversation_id}/messages"


def fetch(clients: dict[str, WorkspaceClient], message: Message) -> dict:
    thread = message.conversation
    client = client_of(clients, thread.space)
    return raw(client, f"{thread_path(thread)}/{message.message_id}")


def visible(history: History) -> list[Message]:
    return [
        message
        for message in history.messages
        if not message.conversation.space.is_restricted and message.deleted_ms is None
    ]


def test_every_workspace_has_an_address_of_its_own(
    history: History, site: SimulatedWorkspaces, clients: dict[str, WorkspaceClient]
) -> None:
    assert list(site.urls) == [workspace.workspace_id for workspace in history.workspaces]
    assert len(set(site.urls.values())) == 2
    for workspace_id, client in clients.items():
        assert client.config.workspace_id == workspace_id
        assert client.config.account_id == history.account_id


def test_spaces_are_listed_in_pages_without_those_that_are_closed_to_us(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    for workspace_id, client in clients.items():
        found, token = [], None
        while True:
            page = client.genie.list_spaces(page_size=2, page_token=token)
            assert len(page.spaces) <= 2
            assert all(space.serialized_space is None for space in page.spaces)
            found += [space.space_id for space in page.spaces]
            token = page.next_page_token
            if not token:
                break
        assert found == [
            space.space_id for space in spaces_of(history, workspace_id) if not space.is_restricted
        ]


def test_a_space_shows_its_configuration_only_if_asked(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    space = history.spaces[0]
    client = client_of(clients, space)

    full = client.genie.get_space(space.space_id, include_serialized_space=True)
    plain = client.genie.get_space(space.space_id)

    assert json.loads(full.serialized_space)["version"] == 2
    assert full.etag
    assert (plain.serialized_space, plain.etag) == (None, None)
    assert (plain.title, plain.warehouse_id) == (space.title, space.warehouse_id)


def test_without_include_all_there_are_only_our_own_conversations(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    space = history.spaces[0]

    page = client_of(clients, space).genie.list_conversations(space.space_id)

    assert (page.conversations, page.next_page_token) == ([], None)


def test_all_conversations_are_found_page_by_page(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    space = history.spaces[0]
    genie = client_of(clients, space).genie
    found, token = [], None
    while True:
        page = genie.list_conversations(space.space_id, include_all=True, page_token=token)
        assert len(page.conversations) <= 20
        found += page.conversations
        token = page.next_page_token
        if not token:
            break

    expected = {
        one.conversation.conversation_id
        for one in history.messages
        if one.conversation.space is space
    }
    assert len(found) == len(expected) > 20
    assert {one.conversation_id for one in found} == expected
    assert all(one.title and one.created_timestamp for one in found)


def test_messages_of_a_long_conversation_come_in_order_over_pages(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    thread = max((one.conversation for one in history.messages), key=lambda one: one.turns)
    genie = client_of(clients, thread.space).genie
    ids = (thread.space.space_id, thread.conversation_id)

    first = genie.list_conversation_messages(*ids, page_size=100)
    second = genie.list_conversation_messages(*ids, page_size=100, page_token=first.next_page_token)

    assert (len(first.messages), second.next_page_token) == (100, None)
    found = [one.message_id for one in first.messages + second.messages]
    assert found == [
        one.message_id
        for one in history.messages
        if one.conversation.conversation_id == thread.conversation_id and one.deleted_ms is None
    ]
    assert len(genie.list_conversation_messages(*ids).messages) == 20


def test_a_message_is_the_same_alone_and_in_the_list(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    message = next(one for one in visible(history) if one.ratings and one.failure is None)
    thread = message.conversation

    alone = fetch(clients, message)
    listed = raw(client_of(clients, thread.space), thread_path(thread), page_size=100)
    typed = client_of(clients, thread.space).genie.get_message(
        thread.space.space_id, thread.conversation_id, message.message_id
    )

    assert alone in listed["messages"]
    assert alone["id"] == alone["message_id"] == typed.message_id
    assert typed.content == message.content
    assert typed.user_id == thread.author.user_id
    assert typed.feedback.rating.value == message.ratings[-1].rating


def test_a_failed_message_carries_a_known_error_type(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    failures = {one.failure.type: one for one in visible(history) if one.failure}

    for kind, message in failures.items():
        body = fetch(clients, message)
        assert body["status"] == "FAILED"
        assert body["error"]["error"]
        assert dashboards.MessageErrorType(body["error"]["type"]).value == kind


def test_the_longest_answer_arrives_whole(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    message = next(one for one in history.messages if one.is_oversized)

    body = fetch(clients, message)

    assert len(body["attachments"][0]["query"]["query"]) > 70_000


def test_messages_in_flight_settle_two_minutes_after_the_end(history: History) -> None:
    clock = Clock()
    message = history.messages[-1]
    thread = message.conversation
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, clock=clock) as site:
        workspace_id = thread.space.workspace.workspace_id
        clients = {workspace_id: connect(site.urls[workspace_id])}
        running = fetch(clients, message)
        clock.now = END + timedelta(seconds=119)
        still_running = fetch(clients, message)
        clock.now = END + timedelta(seconds=120)
        settled = fetch(clients, message)

    assert (running["status"], running.get("attachments")) == ("EXECUTING_QUERY", None)
    assert still_running == running
    assert settled["status"] == "COMPLETED"
    assert settled["attachments"]
    assert settled["last_updated_timestamp"] == history.options.settled_ms


def test_a_closed_space_refuses_every_call(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    message = next(one for one in history.messages if one.conversation.space.is_restricted)
    thread = message.conversation
    client = client_of(clients, thread.space)
    space_path = f"{SPACES}/{thread.space.space_id}"

    for path in (
        space_path,
        f"{space_path}/conversations",
        thread_path(thread),
        f"{thread_path(thread)}/{message.message_id}",
    ):
        with pytest.raises(PermissionDenied) as caught:
            raw(client, path)
        assert caught.value.error_code == "PERMISSION_DENIED"


def test_a_deleted_message_is_gone_from_the_list_too(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    message = next(
        one
        for one in history.messages
        if one.deleted_ms is not None and not one.conversation.space.is_restricted
    )
    thread = message.conversation

    with pytest.raises(ResourceDoesNotExist):
        fetch(clients, message)
    listed = raw(client_of(clients, thread.space), thread_path(thread), page_size=100)

    assert message.message_id not in {one["message_id"] for one in listed.get("messages", [])}


def test_what_another_workspace_holds_does_not_exist_here(
    history: History, clients: dict[str, WorkspaceClient]
) -> None:
    elsewhere = clients[history.workspaces[1].workspace_id]
    unknown = "0" * 32
    space_id = history.spaces[1].space_id

    for path in (
        f"{SPACES}/{history.spaces[0].space_id}",
        f"{SPACES}/{space_id}/conversations/{unknown}/messages",
        f"{SPACES}/{space_id}/conversations/{unknown}/messages/{unknown}",
    ):
        with pytest.raises(ResourceDoesNotExist):
            raw(elsewhere, path)
    with pytest.raises(NotFound):
        raw(elsewhere, "/api/2.0/genie/nothing")


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": 0},
        {"page_size": 101},
        {"page_size": "many"},
        {"page_token": "nonsense"},
        {"page_token": "Y29udmVyc2F0aW9uczoyMA=="},
    ],
)
def test_bad_paging_is_refused(clients: dict[str, WorkspaceClient], query: dict) -> None:
    client = next(iter(clients.values()))

    with pytest.raises(InvalidParameterValue):
        raw(client, SPACES, **query)


def test_calls_are_counted_by_kind_and_sign_in_apart(history: History) -> None:
    space = history.spaces[0]
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET) as site:
        client = connect(site.urls[space.workspace.workspace_id])
        client.genie.list_spaces()
        client.genie.get_space(space.space_id)
        client.genie.get_space(space.space_id)

    assert site.calls == {"list_spaces": 1, "get_space": 2}
    assert site.sign_ins == {"discovery": 1, "oidc_discovery": 1, "token": 1}


def test_many_threads_are_served_and_none_is_left(history: History) -> None:
    before = threading.active_count()
    space = history.spaces[0]
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET) as site:
        client = connect(site.urls[space.workspace.workspace_id])

        def read() -> None:
            for _ in range(10):
                client.genie.get_space(space.space_id)

        threads = [threading.Thread(target=read) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert site.calls["get_space"] == 160
    assert threading.active_count() == before


def test_a_taken_port_fails_and_leaves_nothing_open(
    history: History, site: SimulatedWorkspaces
) -> None:
    port = int(next(iter(site.urls.values())).rsplit(":", 1)[1])
    before = threading.active_count()

    with pytest.raises(OSError, match="in use"):
        SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET, port=port).__enter__()

    assert threading.active_count() == before
