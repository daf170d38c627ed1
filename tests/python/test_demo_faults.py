"""What goes wrong at a simulated workspace: by seed, and as the real SDK meets it."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import PermissionDenied, ResourceDoesNotExist, Unauthenticated

from demo.faults import RATES, Faults, fault_names
from demo.history import History, HistoryOptions, build_history
from demo.model import Message
from demo.server import SimulatedWorkspaces

END = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "0b1c2d3e-0000-4000-8000-000000000001", "secret"
SPACES = "/api/2.0/genie/spaces"


class Caller:
    """Raw HTTP with a token; nothing is tried again."""

    def __init__(self, site: SimulatedWorkspaces, url: str) -> None:
        self.site, self.url = site, url
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self) -> int:
        answer = requests.post(
            f"{self.url}/oidc/v1/token", auth=(CLIENT_ID, CLIENT_SECRET), timeout=5
        )
        if answer.ok:
            token = answer.json()["access_token"]
            self.session.headers["Authorization"] = f"Bearer {token}"
        return answer.status_code

    def get(self, path: str = SPACES, timeout: float = 5, **query: object) -> requests.Response:
        return self.session.get(f"{self.url}{path}", params=query, timeout=timeout)


@pytest.fixture(scope="module")
def history() -> History:
    return build_history(HistoryOptions(end=END, messages=300))


@pytest.fixture(scope="module")
def caller(history: History) -> Iterator[Caller]:
    with SimulatedWorkspaces(history, CLIENT_ID, CLIENT_SECRET) as site:
        yield Caller(site, next(iter(site.urls.values())))


@pytest.fixture
def meet(caller: Caller) -> Iterator[Callable[..., Caller]]:
    def put(**faults: object) -> Caller:
        caller.site.set_faults(Faults(**faults))
        return caller

    yield put
    caller.site.set_faults(Faults())
    caller.sign_in()


def message_path(message: Message) -> str:
    thread = message.conversation
    return (
        f"{SPACES}/{thread.space.space_id}/conversations/{thread.conversation_id}"
        f"/messages/{message.message_id}"
    )


def first(history: History, **traits: bool) -> Message:
    """The first message of the first workspace that can be read and has the traits."""
    return next(
        one
        for one in history.messages
        if one.conversation.space.workspace is history.workspaces[0]
        and not one.conversation.space.is_restricted
        and one.deleted_ms is None
        and not one.is_in_flight
        and all(bool(getattr(one, name)) is wanted for name, wanted in traits.items())
    )


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ({"too_many_requests": 1}, 429, "1"),
        ({"too_many_requests_long": 1, "long_retry_seconds": 9}, 429, "9"),
        ({"too_many_requests_bare": 1}, 429, None),
        ({"error_500": 1}, 500, None),
        ({"error_503": 1}, 503, None),
        ({"error_504": 1}, 504, None),
    ],
)
def test_errors_come_as_databricks_sends_them(
    meet: Callable[..., Caller], fault: dict, status: int, retry_after: str | None
) -> None:
    answer = meet(**fault).get()

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == retry_after
    assert list(answer.json()) == ["error_code", "message", "details"]


def test_a_bad_gateway_speaks_html(meet: Callable[..., Caller]) -> None:
    answer = meet(error_502=1).get()

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")


def test_a_cut_answer_is_shorter_than_announced(meet: Callable[..., Caller]) -> None:
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        meet(cut=1).get()


def test_bodies_may_be_broken_or_empty(meet: Callable[..., Caller]) -> None:
    broken = meet(broken_json=1).get()
    empty = meet(empty_body=1).get()

    assert (broken.status_code, empty.status_code, empty.text) == (200, 200, "")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        broken.json()


def test_answers_may_be_slow_or_later_than_anyone_waits(meet: Callable[..., Caller]) -> None:
    slow = meet(latency=1, latency_seconds=0.1).get()
    assert slow.elapsed.total_seconds() >= 0.1

    with pytest.raises(requests.ReadTimeout):
        meet(timeout=1, hang_seconds=0.4).get(timeout=0.1)


def test_a_good_token_may_expire_before_its_time(meet: Callable[..., Caller]) -> None:
    caller = meet(expired_token=1)
    first_answer = caller.get()
    caller.site.set_faults(Faults())
    second_answer = caller.get()

    assert (first_answer.status_code, second_answer.status_code) == (401, 401)
    assert caller.sign_in() == 200
    assert caller.get().status_code == 200


def test_revoked_credentials_are_good_for_nothing(meet: Callable[..., Caller]) -> None:
    caller = meet(revoked=True)

    assert caller.get().status_code == 401
    assert caller.sign_in() == 401


def test_named_spaces_are_denied_or_gone_and_not_listed(
    history: History, meet: Callable[..., Caller]
) -> None:
    denied, gone = [
        space.space_id
        for space in history.spaces
        if space.workspace is history.workspaces[0] and not space.is_restricted
    ][:2]
    caller = meet(denied=frozenset({denied}), gone=frozenset({gone}))

    answers = [caller.get(f"{SPACES}/{space_id}/conversations") for space_id in (denied, gone)]
    listed = {space["space_id"] for space in caller.get().json().get("spaces", [])}

    assert [answer.status_code for answer in answers] == [403, 404]
    assert not listed & {denied, gone}


def test_a_stuck_listing_gives_the_same_token_again_and_again(
    history: History, meet: Callable[..., Caller]
) -> None:
    space_id = first(history).conversation.space.space_id
    caller = meet(repeated_page_token=1)
    tokens: list[str] = []
    for _ in range(4):
        page = caller.get(
            f"{SPACES}/{space_id}/conversations",
            include_all="true",
            page_size=2,
            page_token=tokens[-1] if tokens else "",
        )
        tokens.append(page.json()["next_page_token"])

    assert len(set(tokens)) == 1


def test_a_message_that_always_fails_is_missing_from_its_list(
    history: History, meet: Callable[..., Caller]
) -> None:
    message = first(history)
    path = message_path(message)
    caller = meet(failing_messages=frozenset({message.message_id}))

    statuses = {caller.get(path).status_code for _ in range(3)}
    listed = caller.get(path.rsplit("/", 1)[0], page_size=100)

    assert statuses == {500}
    assert listed.status_code == 200
    assert message.message_id not in {
        one["message_id"] for one in listed.json().get("messages", [])
    }


def test_words_nobody_knows_stand_in_every_enum(
    history: History, meet: Callable[..., Caller]
) -> None:
    caller = meet(unknown_enum=1)

    failed = caller.get(message_path(first(history, failure=True))).json()
    rated = caller.get(message_path(first(history, ratings=True))).json()

    assert failed["status"] == "AWAITING_APPROVAL"
    assert failed["error"]["type"] == "MODEL_RETIRED_EXCEPTION"
    assert rated["feedback"]["rating"] == "MIXED"


def test_numbers_may_be_text_and_times_in_seconds(
    history: History, meet: Callable[..., Caller]
) -> None:
    message = first(history)
    path = message_path(message)
    plain = meet().get(path).json()
    caller = meet(numbers_as_strings=1, seconds=1)

    changed = caller.get(path).json()
    listed = caller.get(path.rsplit("/", 1)[0], page_size=100).json()["messages"]

    assert changed["created_timestamp"] == str(plain["created_timestamp"] // 1000)
    assert changed["user_id"] == str(plain["user_id"])
    assert changed["auto_regenerate_count"] == plain["auto_regenerate_count"]
    assert changed in listed


def statuses(caller: Caller, calls: int) -> list[int]:
    return [caller.get(page_size=1 + number % 7).status_code for number in range(calls)]


def test_equal_calls_meet_equal_faults_and_tries_differ(meet: Callable[..., Caller]) -> None:
    mix = {"error_500": 0.2, "error_503": 0.2, "too_many_requests": 0.2}

    runs = [statuses(meet(seed=seed, **mix), 140) for seed in (1, 1, 2)]

    assert runs[0] == runs[1] != runs[2]
    assert 45 <= sum(status != 200 for status in runs[0]) <= 95
    for start in range(7):  # no call is doomed
        assert 200 in itertools.islice(runs[0], start, None, 7)


def test_three_tries_usually_get_through_everything_at_once(meet: Callable[..., Caller]) -> None:
    quick = {"latency_seconds": 0.0, "hang_seconds": 0.0}
    given = {name: getattr(Faults.all_at_once(3), name) for name in RATES}
    caller = meet(seed=3, **{**given, **quick})

    def is_through(size: int) -> bool:
        for _ in range(3):
            try:
                answer = caller.get(page_size=size)
                if answer.ok and answer.json():
                    return True
            except requests.RequestException:
                pass
            caller.sign_in()
        return False

    assert sum(is_through(1 + number % 100) for number in range(200)) >= 197
    assert len(caller.site.faults_met) >= 8


def test_the_sdk_meets_faults_as_its_own_errors(history: History) -> None:
    space_id = first(history).conversation.space.space_id
    with SimulatedWorkspaces(
        history, CLIENT_ID, CLIENT_SECRET, faults=Faults(denied=frozenset({space_id}))
    ) as site:
        client = WorkspaceClient(
            config=Config(
                host=site.urls[history.workspaces[0].workspace_id],
                client_id=CLIENT_ID,
                client_secret=CLIENT_SECRET,
                auth_type="oauth-m2m",
                retry_timeout_seconds=5,
            )
        )
        for fault, error in (
            (Faults(denied=frozenset({space_id})), PermissionDenied),
            (Faults(gone=frozenset({space_id})), ResourceDoesNotExist),
            (Faults(revoked=True), Unauthenticated),
        ):
            site.set_faults(fault)
            with pytest.raises(error):
                client.genie.get_space(space_id)


def test_faults_are_read_from_texts() -> None:
    faults = Faults.parse(["error-503=0.2", "cut", "revoked", "denied=a", "denied=b"], seed=4)

    assert faults == Faults(
        seed=4, error_503=0.2, cut=0.1, revoked=True, denied=frozenset({"a", "b"})
    )
    assert Faults.parse(["all"], seed=4) == Faults.all_at_once(4)
    assert {"latency", "hang-seconds", "gone", "all"} <= set(fault_names())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("plague", "no such fault: plague; there are all, latency"),
        ("cut=often", "cut takes a number"),
        ("cut=2", "cut must be from 0 to 1"),
        ("revoked=1", "no such fault"),
        ("hang-seconds=-1", "must not be below 0"),
    ],
)
def test_senseless_faults_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Faults.parse([text])
