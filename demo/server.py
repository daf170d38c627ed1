"""Serves a history as live workspaces: one loopback address each, real paths and sign-in."""

import json
import re
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from demo.ids import to_ms
from demo.model import History, Workspace
from demo.routes import ApiError, Contents, Request, find_route, unauthenticated
from demo.tokens import TokenOffice

Json = dict[str, Any]

_LOOPBACK = "127.0.0.1"
_API = re.compile(r"/api/")
_DISCOVERY = "/.well-known/databricks-config"
_OIDC_DISCOVERY = "/oidc/.well-known/oauth-authorization-server"
_TOKEN = "/oidc/v1/token"  # noqa: S105 - a path
_SIGN_IN_KINDS = {
    _DISCOVERY: "discovery",
    _OIDC_DISCOVERY: "oidc_discovery",
    _TOKEN: "token",
}
_REFUSAL = {"error": "invalid_client", "error_description": "Client authentication failed"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SimulatedWorkspaces:
    """Context manager that serves every workspace of a history on 127.0.0.1.

    Messages in flight follow `clock`: they run until two minutes after the history's end.

    Attributes:
        urls: Address by workspace id, once entered.
        calls: Calls by kind of path: list_spaces, get_space, list_conversations,
            list_messages, get_message; `unknown` for any other.
        sign_ins: Calls by OAuth path: discovery, oidc_discovery, token.
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
    ) -> None:
        """Bind nothing yet.

        Args:
            history: What to serve.
            client_id: The application id that may sign in.
            client_secret: Its secret.
            port: Port of the first workspace, the others follow; 0 takes free ones.
            token_seconds: How long a token is good.
            clock: The time, in UTC.
        """
        self.urls: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.sign_ins: Counter[str] = Counter()
        self._history = history
        self._port = port
        self._clock = clock
        self._office = TokenOffice(
            client_id, client_secret, token_seconds=token_seconds, clock=clock
        )
        self._lock = threading.Lock()
        self._listeners: list[_Listener] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Listen and serve.

        Raises:
            OSError: A port is taken; nothing is left open.
        """
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
        for listener in self._listeners[: len(self._threads)]:
            listener.shutdown()
        for listener in self._listeners:
            listener.cut_connections()
            listener.server_close()
        for thread in self._threads:
            thread.join()
        self._listeners.clear()
        self._threads.clear()

    def sign_in(
        self, path: str, authorization: str | None, workspace_id: str
    ) -> tuple[HTTPStatus, Json]:
        """Answer an OAuth call: status and body.

        Raises:
            ApiError: There is no such path.
        """
        kind = _SIGN_IN_KINDS.get(path)
        if kind is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "ENDPOINT_NOT_FOUND", f"Nothing at {path}")
        self._count(self.sign_ins, kind)
        url = self.urls[workspace_id]
        if kind == "discovery":
            return HTTPStatus.OK, self._discovery(url, workspace_id)
        if kind == "oidc_discovery":
            return HTTPStatus.OK, _oidc_discovery(url)
        token = self._office.issue(authorization)
        return (HTTPStatus.OK, token) if token else (HTTPStatus.UNAUTHORIZED, _REFUSAL)

    def call(self, method: str, target: str, authorization: str | None, contents: Contents) -> Json:
        """Answer a call of the REST API.

        Raises:
            ApiError: The answer is not a success.
        """
        parts = urlsplit(target)
        try:
            route, ids = find_route(method, parts.path)
        except ApiError:
            self._count(self.calls, "unknown")
            raise
        self._count(self.calls, route.kind)
        if not self._office.accepts(authorization):
            raise unauthenticated()
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return route.handler(Request(contents, ids, query, to_ms(self._clock())))

    def _listen(self, workspace: Workspace, port: int) -> None:
        contents = Contents(self._history, workspace.workspace_id)
        listener = _Listener(port, self, contents, workspace.workspace_id)
        self._listeners.append(listener)
        self.urls[workspace.workspace_id] = f"http://{_LOOPBACK}:{listener.server_port}"
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


class _Listener(ThreadingHTTPServer):
    """The address of one workspace; it remembers open connections so as to cut them."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, port: int, site: SimulatedWorkspaces, contents: Contents, workspace_id: str
    ) -> None:
        super().__init__((_LOOPBACK, port), _Handler)
        self.site = site
        self.contents = contents
        self.workspace_id = workspace_id
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that hang up; report anything else as usual."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: the calls are counted."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, body = self._reply()
        except ApiError as error:
            status, body = error.status, error.payload()
        self._send(status, body)

    def _reply(self) -> tuple[HTTPStatus, Json]:
        authorization = self.headers.get("Authorization")
        site = self.server.site
        if not _API.match(self.path):
            return site.sign_in(urlsplit(self.path).path, authorization, self.server.workspace_id)
        found = site.call(self.command, self.path, authorization, self.server.contents)
        return HTTPStatus.OK, found

    def _send(self, status: HTTPStatus, body: Json) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
