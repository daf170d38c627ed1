"""Serves a history as live workspaces: one loopback address each, real paths and sign-in."""

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests

from demo.billing import price_rows, usage_rows
from demo.browser import Browser
from demo.calls import Request
from demo.contents import Contents
from demo.disturbance import Disturbance, Disturber, disturb_page, disturb_values
from demo.errors import ApiError, bad_request, unauthenticated
from demo.faults import Faults
from demo.ids import to_ms
from demo.listener import LOOPBACK, Incoming, Listener, Reply, json_reply
from demo.live import Act, Live
from demo.model import History, Principal, Workspace
from demo.routes import find_route
from demo.rules import Rules
from demo.statements import Statements
from demo.system_sql import SystemTables
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows
from demo.tokens import TokenOffice
from demo.volumes import PREFIX as _FILES
from demo.volumes import Volumes

Json = dict[str, Any]

_API = "/api/"
_SQL = "/sql/"
_THRIFT = "application/x-thrift"
_SQL_SECONDS = 600
_DISCOVERY = "/.well-known/databricks-config"
_OIDC_DISCOVERY = "/oidc/.well-known/oauth-authorization-server"
_TOKEN = "/oidc/v1/token"  # noqa: S105 - a path
_SIGN_IN_KINDS = {
    _DISCOVERY: "discovery",
    _OIDC_DISCOVERY: "oidc_discovery",
    _TOKEN: "token",
}
_REFUSAL = {"error": "invalid_client", "error_description": "Client authentication failed"}
_NO_FAULTS, _RULES = Faults(), Rules()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SimulatedWorkspaces(Browser):
    """Context manager that serves every workspace of a history on 127.0.0.1.

    Messages in flight follow `clock`: they run until two minutes after the history's end.
    The history itself never changes; what is written while served is shown beside it.

    Attributes:
        urls: Address by workspace id, once entered.
        calls: Calls by kind of path: list_spaces, get_space, list_conversations,
            list_messages, get_message; `unknown` for any other.
        sign_ins: Calls by OAuth path: discovery, oidc_discovery, token.
        faults_met: How often each fault happened, by its name.
        statements: The SQL statements on the system tables that the workspaces answer.
        dashboards: AI/BI dashboards that were made.
        volumes: Answers the Files API, if set.
        sql_url: Server to which calls of SQL warehouses by Thrift are handed on, if set.
    """

    def __init__(
        self,
        history: History,
        client_id: str,
        client_secret: str,
        *,
        port: int = 0,
        token_seconds: float = 3600,
        clock: Callable[[], datetime] = _utc_now,
        faults: Faults = _NO_FAULTS,
        rules: Rules = _RULES,
    ) -> None:
        """Bind nothing yet.

        Args:
            history: What to serve.
            client_id: The application id that may sign in.
            client_secret: Its secret.
            port: Port of the first workspace, the others follow; 0 takes free ones.
            token_seconds: How long a token is good.
            clock: The time, in UTC.
            faults: What goes wrong.
            rules: Rights, limits and speed.
        """
        self.urls: dict[str, str] = {}
        self.volumes: Volumes | None = None
        self.sql_url: str | None = None
        self.calls: Counter[str] = Counter()
        self.sign_ins: Counter[str] = Counter()
        self._port = port
        self._clock = clock
        self._disturber = Disturber(faults)
        self.faults_met = self._disturber.met
        # Questions by API are another team's; it signs in with the same secret.
        self._callers = {history.asker.name: history.asker, client_id: history.observer}
        live = Live(history, rules)
        contents = {
            workspace.workspace_id: Contents(history, workspace.workspace_id)
            for workspace in history.workspaces
        }
        super().__init__(history, contents, live, lambda: to_ms(clock()))
        self.dashboards = live.dashboards
        self.statements = self._statement_service()
        self._office = TokenOffice(
            self._callers, client_secret, token_seconds=token_seconds, clock=clock
        )
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listeners: list[Listener] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Listen and serve.

        Raises:
            OSError: A port is taken; nothing is left open.
        """
        self._closing.clear()
        try:
            for number, workspace in enumerate(self._history.workspaces):
                self._listen(workspace, self._port + number if self._port else 0)
        except OSError:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, cut open connections and wait for every thread."""
        self._closing.set()
        for listener in self._listeners[: len(self._threads)]:
            listener.shutdown()
        for listener in self._listeners:
            listener.cut_connections()
            listener.server_close()
        for thread in self._threads:
            thread.join()
        self._listeners.clear()
        self._threads.clear()

    def set_faults(self, faults: Faults) -> None:
        """Put other faults into force; calls are counted anew for their draws."""
        self._disturber.replace(faults)

    def _answer(self, contents: Contents, incoming: Incoming) -> Reply:
        path = urlsplit(incoming.target).path
        if self.sql_url and path.startswith(_SQL):
            return self._hand_on(incoming)
        if not path.startswith(_API):
            return self._sign_in(path, incoming.authorization, contents.workspace_id)
        disturbance = self._disturber.disturb(incoming.method, incoming.target)
        self._closing.wait(disturbance.delay)
        try:
            reply = self._call(incoming, contents, disturbance)
        except ApiError as error:
            reply = json_reply(error.status, error.payload(), error.headers)
        self._closing.wait(disturbance.hang)
        return disturbance.replacement() or disturbance.broken(reply)

    def _hand_on(self, incoming: Incoming) -> Reply:
        if self._office.holder(incoming.authorization) is None:
            error = unauthenticated()
            return json_reply(error.status, error.payload())
        answer = requests.post(
            f"{self.sql_url}{incoming.target}",
            data=incoming.body,
            headers={"Content-Type": _THRIFT},
            timeout=_SQL_SECONDS,
        )
        return Reply(answer.status_code, answer.content, content_type=_THRIFT)

    def _sign_in(self, path: str, authorization: str | None, workspace_id: str) -> Reply:
        kind = _SIGN_IN_KINDS.get(path)
        if kind is None:
            error = ApiError(HTTPStatus.NOT_FOUND, "ENDPOINT_NOT_FOUND", f"Nothing at {path}")
            return json_reply(error.status, error.payload())
        self._count(self.sign_ins, kind)
        url = self.urls[workspace_id]
        if kind == "discovery":
            return json_reply(HTTPStatus.OK, self._discovery(url, workspace_id))
        if kind == "oidc_discovery":
            return json_reply(HTTPStatus.OK, _oidc_discovery(url))
        token = None if self._disturber.faults.revoked else self._office.issue(authorization)
        return (
            json_reply(HTTPStatus.OK, token)
            if token
            else json_reply(HTTPStatus.UNAUTHORIZED, _REFUSAL)
        )

    def _call(self, incoming: Incoming, contents: Contents, disturbance: Disturbance) -> Reply:
        parts = urlsplit(incoming.target)
        if self.volumes and parts.path.startswith(_FILES):
            self._count(self.calls, "files")
            disturbance.stop()
            self._caller(incoming.authorization, disturbance)
            return self.volumes.answer(incoming.method, parts.path, incoming.body)
        try:
            route, ids = find_route(incoming.method, parts.path)
        except ApiError:
            self._count(self.calls, "unknown")
            raise
        self._count(self.calls, route.kind)
        disturbance.stop()
        caller = self._caller(incoming.authorization, disturbance)
        disturbance.close(route.kind, ids)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        act = Act(caller, incoming.agent, to_ms(self._clock()), is_api=True)
        request = Request(
            contents, self._live, self.statements, ids, query, _parsed(incoming.body), act
        )
        body = route.handler(request)
        disturb_page(self._disturber, parts.path, query, body)
        disturb_values(self._disturber, body)
        return json_reply(HTTPStatus.OK, body)

    def _caller(self, authorization: str | None, disturbance: Disturbance) -> Principal:
        if disturbance.fault == "expired_token":
            self._office.expire(authorization)
        holder = self._office.holder(authorization)
        if disturbance.faults.revoked or holder is None:
            raise unauthenticated()
        return self._callers[holder]

    def _statement_service(self) -> Statements:
        history = self._history
        tables = SystemTables(
            sources={
                "system.access.audit": functools.partial(audit_rows, history),
                "system.access.workspaces_latest": lambda: workspaces_rows(history, self.urls),
                "system.query.history": functools.partial(query_history_rows, history),
                "system.billing.usage": functools.partial(usage_rows, history),
                "system.billing.list_prices": functools.partial(price_rows, history),
            },
            news={
                "system.access.audit": ("event_id", self.audit_rows),
                "system.query.history": ("statement_id", self.query_history_rows),
            },
        )
        return Statements(tables, {space.warehouse_id for space in history.spaces})

    def _listen(self, workspace: Workspace, port: int) -> None:
        contents = self._contents[workspace.workspace_id]
        listener = Listener(port, functools.partial(self._answer, contents))
        self._listeners.append(listener)
        self.urls[workspace.workspace_id] = f"http://{LOOPBACK}:{listener.server_port}"
        thread = threading.Thread(
            target=listener.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"workspace {workspace.name}",
        )
        thread.start()
        self._threads.append(thread)

    def _discovery(self, url: str, workspace_id: str) -> Json:
        return {
            "oidc_endpoint": f"{url}/oidc",
            "account_id": self._history.account_id,
            "workspace_id": workspace_id,
            "cloud": "AWS",
        }

    def _count(self, counter: Counter[str], kind: str) -> None:
        with self._lock:
            counter[kind] += 1


def _oidc_discovery(url: str) -> Json:
    return {
        "issuer": f"{url}/oidc",
        "authorization_endpoint": f"{url}/oidc/v1/authorize",
        "token_endpoint": f"{url}{_TOKEN}",
        "grant_types_supported": ["client_credentials"],
    }


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_request("The body must be a JSON object.")
    return found
