"""The Genie REST API of one workspace, by the Databricks SDK's authentication and transport.

Answers are raw JSON: the SDK's typed objects drop fields and enum values that they do not know.
Paths: class GenieAPI of the SDK (databricks.sdk.service.dashboards).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import requests
from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from ingest.errors import CredentialsError, FetchError, HostError, IngestError
from ingest.hosts import check_host
from ingest.pacing import Pace
from ingest.secret_scope import ServicePrincipal, probe
from warehouse.text import scrub

# the SDK takes a second to import: only commands that call it pay for it
if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.clock import Clock
    from databricks.sdk.errors.base import DatabricksError

PAGE_SIZE = 100

_API = "/api/2.0/genie/spaces"
_RETRY_SECONDS = 60  # the SDK's own retries of 429, 503, cut connections and time-outs, at most
_RETRY_TIMEOUTS = 5  # and no longer than so many time-outs
_RENEWALS = 20  # tokens that may be refused in a run
_SILENT_CALLS = 5  # so many calls in a row without an answer: the workspace is gone for now
_TRIES = 3  # ours, of what the SDK gives up at once: 500, 502, 504, broken answers

_SILENCE = frozenset({"TIMEOUT", "CONNECTION_ERROR"})
_PERMANENT_STATUSES = frozenset({400, 401, 403, 404, 409})

Json = dict[str, Any]


class GenieClient:
    """Reads spaces, conversations and messages of one workspace; safe to share among threads."""

    def __init__(self, sign_in: Callable[[], WorkspaceClient], pace: Pace) -> None:
        """Sign in.

        Raises:
            CredentialsError: there are no credentials, or they are refused.
        """
        self._sign_in = sign_in
        self._client = sign_in()
        self._pace = pace
        self._lock = threading.Lock()
        self._calls = 0
        self._silent_calls = 0
        self._renewals = 0

    @property
    def calls(self) -> int:
        """Calls made so far, our own retries counted, the SDK's not."""
        return self._calls

    def list_spaces(self) -> Iterator[Json]:
        """Yield the spaces that the credential can see (without their configuration)."""
        return self._listed(_API, "spaces")

    def get_space(self, space_id: str, *, with_configuration: bool) -> Json:
        """Return a space; its `serialized_space` needs CAN EDIT."""
        query = {"include_serialized_space": "true"} if with_configuration else {}
        return _expect(self._get(f"{_API}/{space_id}", query), "space_id")

    def list_messages(
        self,
        space_id: str,
        conversation_id: str,
        *,
        page_size: int = PAGE_SIZE,
        before_page: Callable[[], None] = lambda: None,
    ) -> Iterator[list[Json]]:
        """Yield the messages of a conversation, oldest first, page by page.

        Args:
            space_id: Its space.
            conversation_id: Its id.
            page_size: Most messages of a page.
            before_page: Called before each page is asked for.
        """
        path = f"{_API}/{space_id}/conversations/{conversation_id}/messages"
        return self._pages(path, "messages", page_size=page_size, before_page=before_page)

    def get_message(self, space_id: str, conversation_id: str, message_id: str) -> Json:
        """Return one message."""
        path = f"{_API}/{space_id}/conversations/{conversation_id}/messages/{message_id}"
        message = self._get(path, {})
        return message if "message_id" in message else _expect(message, "id")

    def list_conversations(self, space_id: str) -> Iterator[list[Json]]:
        """Yield the conversations of everybody by page; without CAN MANAGE the caller's only."""
        path = f"{_API}/{space_id}/conversations"
        return self._pages(path, "conversations", include_all="true")

    def start_conversation(self, space_id: str, content: str) -> Json:
        """Ask a question, once: whatever happens, it is not sent again.

        The SDK would repeat a POST after a time-out, and the question with it.
        """
        self._pace.wait()
        with self._lock:
            self._calls += 1
        config = self._client.config
        try:
            answer = requests.post(
                f"{config.host}{_API}/{space_id}/start-conversation",
                json={"content": content},
                headers=config.authenticate(),
                timeout=config.http_timeout_seconds,
                allow_redirects=False,
            )
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise _classified(error) from error
        if not answer.ok or not isinstance(body, dict):
            code, text = _fault_of(body)
            raise FetchError(
                scrub(text),
                http_status=answer.status_code,
                error_code=code,
                retry_after_seconds=_retry_after(answer),
            )
        return _expect(_expect(body, "conversation_id"), "message_id")

    def list_comments(self, space_id: str, conversation_id: str) -> Iterator[Json]:
        """Yield the comments on the messages of a conversation."""
        path = f"{_API}/{space_id}/conversations/{conversation_id}/list-comments"
        return self._listed(path, "comments")

    def list_eval_runs(self, space_id: str) -> Iterator[Json]:
        """Yield the benchmark runs of a space."""
        return self._listed(f"{_API}/{space_id}/eval-runs", "eval_runs")

    def list_eval_results(self, space_id: str, eval_run_id: str) -> Iterator[Json]:
        """Yield the results of a benchmark run, without their details."""
        return self._listed(f"{_API}/{space_id}/eval-runs/{eval_run_id}/results", "eval_results")

    def get_eval_result(self, space_id: str, eval_run_id: str, result_id: str) -> Json:
        """Return the details of a result; the API forgets them after a while."""
        path = f"{_API}/{space_id}/eval-runs/{eval_run_id}/results/{result_id}"
        return _expect(self._get(path, {}), "result_id")

    def _listed(self, path: str, key: str) -> Iterator[Json]:
        for page in self._pages(path, key):
            yield from page

    def _pages(
        self,
        path: str,
        key: str,
        *,
        page_size: int = PAGE_SIZE,
        before_page: Callable[[], None] = lambda: None,
        **filters: str,
    ) -> Iterator[list[Json]]:
        seen: set[str] = set()
        query: dict[str, Any] = {"page_size": page_size, **filters}
        while True:
            before_page()
            page = self._get(path, query)
            yield _items(page, key)
            token = page.get("next_page_token")
            if not token:
                return
            if token in seen:
                raise _invalid_answer("the list repeats a page token")
            seen.add(token)
            query = {"page_size": page_size, "page_token": token, **filters}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        """Call any path of the workspace's REST API, with the retries that all calls have.

        Raises:
            FetchError: there is no answer, or one other than success.
            WorkspaceError: the workspace cannot be used any more.
            StoppedError: the run is to stop.
        """
        attempts = Retrying(
            retry=retry_if_exception(_is_worth_retrying),
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential(multiplier=0.5, max=5) + wait_random(0, 1),
            reraise=True,
        )
        return attempts(self._call_once, method, path, query, body)

    def call_at_last(self, method: str, path: str) -> None:
        """Call once, although the run is to stop; what comes of it is told to nobody."""
        with suppress(Exception):
            self._client.api_client.do(method, path)

    def sleep(self, seconds: float) -> None:
        """Wait before the next call.

        Raises:
            StoppedError: the run is to stop.
        """
        self._pace.sleep(seconds)

    def _get(self, path: str, query: Mapping[str, Any]) -> Json:
        return self.call("GET", path, query=query)

    def _call_once(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> Json:
        self._pace.wait()
        with self._lock:
            self._calls += 1
            client = self._client
        try:
            answer = client.api_client.do(method, path, query=query and dict(query), body=body)
        except IngestError:  # ours, from the pace
            raise
        except Exception as error:  # the SDK lets requests', its own and plain errors through
            fault = _classified(error)
            self._count_silence(fault)
            if isinstance(fault, CredentialsError) and client is not self._renewed(client):
                return self._call_once(method, path, query, body)
            raise fault from error
        self._count_silence(None)
        if not isinstance(answer, dict):
            raise _invalid_answer("the answer is not a JSON object")
        return answer

    def _renewed(self, refused: WorkspaceClient) -> WorkspaceClient:
        """Sign in again where a token was refused before its time, a few times in all.

        Raises:
            CredentialsError: the credentials are refused too.
        """
        with self._lock:
            if self._client is refused and self._renewals < _RENEWALS:
                self._renewals += 1
                self._client = self._sign_in()
            return self._client

    def _count_silence(self, fault: IngestError | None) -> None:
        """Give a workspace up that no longer answers; trying each message would take hours."""
        is_silent = isinstance(fault, FetchError) and fault.error_code in _SILENCE
        with self._lock:
            self._silent_calls = self._silent_calls + 1 if is_silent else 0
            if self._silent_calls >= _SILENT_CALLS:
                raise HostError(f"stopped answering: {fault}")


def open_client(
    workspace_url: str,
    allowed_hosts: Sequence[str],
    stop: threading.Event,
    *,
    timeout_seconds: int = 60,
    principal: ServicePrincipal | None = None,
) -> GenieClient:
    """Return a client whose credentials were accepted for a token.

    Without a principal the credentials come from where the Databricks SDK finds them (environment,
    runtime).

    Raises:
        HostError: the host is not allowed, or nothing answers there.
        CredentialsError: there are none, or they are refused.
    """
    host = check_host(workspace_url, allowed_hosts)
    probe(host)
    pace = Pace(stop)
    return GenieClient(lambda: _sign_in(host, pace, timeout_seconds, principal), pace)


def _sign_in(
    host: str, pace: Pace, timeout_seconds: int, principal: ServicePrincipal | None
) -> WorkspaceClient:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    given: Json = {}
    hint = "set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET"
    if principal is not None:
        # named, so that other credentials in the environment are no conflict
        given = {
            "client_id": principal.client_id,
            "client_secret": principal.client_secret,
            "auth_type": "oauth-m2m",
        }
        hint = "correct the client id and secret in the secret scope"
    try:
        config = Config(
            host=host,
            http_timeout_seconds=timeout_seconds,
            retry_timeout_seconds=min(_RETRY_SECONDS, _RETRY_TIMEOUTS * timeout_seconds),
            product="genie-observability",
            product_version=version("genie-observability"),
            clock=cast("Clock", pace),
            **given,
        )
        config.authenticate()
    except (ValueError, OSError) as error:
        raise CredentialsError(f"{host}: not signed in: {scrub(str(error))} ({hint})") from error
    return WorkspaceClient(config=config)


def _items(page: Json, key: str) -> list[Json]:
    items = page.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _invalid_answer(f"'{key}' is not a list of objects")
    return items


def _expect(answer: Json, key: str) -> Json:
    if key not in answer:
        raise _invalid_answer(f"the answer has no {key}")
    return answer


def _retry_after(answer: requests.Response) -> float | None:
    """Return the seconds of Retry-After; None where there is none, or a date."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _fault_of(body: object) -> tuple[str, str]:
    """Return the code and the text of an error that the API answered with."""
    if not isinstance(body, dict):
        return "INVALID_ANSWER", "the answer is not a JSON object"
    return str(body.get("error_code", "UNKNOWN")), str(body.get("message", "refused"))


def _classified(error: Exception) -> IngestError:
    """Turn what the SDK lets through into an error of ours."""
    from databricks.sdk.errors.base import DatabricksError
    from databricks.sdk.errors.platform import Unauthenticated

    # the SDK ends its retries with TimeoutError, caused by the last fault
    if isinstance(error, TimeoutError) and isinstance(error.__cause__, DatabricksError):
        error = error.__cause__
    if isinstance(error, Unauthenticated) or type(error) is ValueError:  # no new token: ValueError
        return CredentialsError(f"credentials are no longer accepted: {scrub(str(error))}")
    if isinstance(error, DatabricksError):
        code = error.error_code or "UNKNOWN"
        return FetchError(scrub(str(error)), http_status=_http_status(error), error_code=code)
    if isinstance(error, TimeoutError | requests.Timeout):
        return FetchError(scrub(str(error)), http_status=None, error_code="TIMEOUT")
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return _invalid_answer("the answer is not JSON")
    text = scrub(f"{type(error).__name__}: {error}")
    return FetchError(text, http_status=None, error_code="CONNECTION_ERROR")


def _http_status(error: DatabricksError) -> int | None:
    """The SDK keeps the status as the class of the error; 502 has none."""
    from databricks.sdk.errors.platform import STATUS_CODE_MAPPING

    kinds = STATUS_CODE_MAPPING.items()
    return next((status for status, kind in kinds if isinstance(error, kind)), None)


def _invalid_answer(message: str) -> FetchError:
    return FetchError(message, http_status=200, error_code="INVALID_ANSWER")


def _is_worth_retrying(error: BaseException) -> bool:
    """Whether another try at once may help; the SDK has spent its time on 429 and 503."""
    return (
        isinstance(error, FetchError)
        and error.http_status not in _PERMANENT_STATUSES | {429, 503}
        and error.error_code != "TIMEOUT"
    )
