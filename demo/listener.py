"""One loopback address over HTTP/1.1: hands calls to a function and sends what it returns."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as it came over the wire; `target` is path and query."""

    method: str
    target: str
    authorization: str | None
    agent: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire.

    Attributes:
        status: HTTP status.
        body: What is announced in `Content-Length`.
        headers: Beside length and type.
        content_type: Type of the body.
        sent: How many bytes of the body are sent before the connection is closed; None is
            all of them, and the connection stays open.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    sent: int | None = None


def json_reply(
    status: int, body: Mapping[str, object], headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """Return an answer of JSON."""
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), headers)


class Listener(ThreadingHTTPServer):
    """An address; it remembers open connections so as to cut them."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[Incoming], Reply]) -> None:
        """Listen on a port, or a free one for 0.

        Raises:
            OSError: The port is taken.
        """
        super().__init__((LOOPBACK, port), _Handler)
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection and serve it in a thread of its own."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Close every open connection, so that its thread ends."""
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
    server: Listener

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: the calls are counted."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization")
        agent = self.headers.get("User-Agent") or ""
        self._send(
            self.server.answer(Incoming(self.command, self.path, authorization, agent, body))
        )

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.sent])
        if reply.sent is not None:
            self.close_connection = True
