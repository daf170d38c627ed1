"""The way out to Prometheus itself: a server that answers from memory, whatever a refresh does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from exporters.errors import OutputError
from exporters.exporting import Export, Families

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_REQUEST_SECONDS = 10


class Memory:
    """The last export."""

    def __init__(self) -> None:
        self._text = b""
        self._families: Families = {}
        self._problem: str | None = "the first run has not ended"

    def last(self) -> Families:
        """Return what was told before."""
        return self._families

    def tell(self, export: Export) -> None:
        """Keep an export."""
        told = (*export.values, *export.about_run)
        self._families = {family.name: family for family in told}
        self._text, self._problem = export.text(), export.problem

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for a path."""
        if path == "/metrics":
            return 200, _TEXT, self._text
        if path == "/-/healthy":
            problem = self._problem
            return (200, _PLAIN, b"ok\n") if problem is None else (503, _PLAIN, _line(problem))
        return 404, _PLAIN, b"there are /metrics and /-/healthy\n"


@contextmanager
def serving(
    memory: Memory, host: str, port: int, certificate: tuple[Path, Path] | None
) -> Iterator[str]:
    """Serve in the background; yield the address.

    Args:
        memory: What is served.
        host: Address to listen at.
        port: Port to listen at; 0 takes a free one.
        certificate: Files of a certificate and of its key; http if None.

    Raises:
        OutputError: the address is taken, or the certificate cannot be used.
    """
    try:
        kind = _Server6 if ":" in host else _Server
        server = kind((host, port), _handler(memory))
    except OSError as error:
        raise OutputError(f"cannot listen at {host}:{port}: {error.strerror}") from None
    if certificate is not None:
        server.socket = _secured(server, certificate)
    scheme = "http" if certificate is None else "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://{server.server_address[0]!s}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def refresh(run: Callable[[], None], every_seconds: float, stop: threading.Event) -> None:
    """Run at once and then every so many seconds, until stopped."""
    while not stop.is_set():
        run()
        stop.wait(every_seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32


class _Server6(_Server):
    address_family = socket.AF_INET6


def _handler(memory: Memory) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _REQUEST_SECONDS

        def do_GET(self) -> None:
            status, content_type, body = memory.answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of each scrape."""

    return Handler


def _secured(server: ThreadingHTTPServer, certificate: tuple[Path, Path]) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*certificate)
    except (OSError, ssl.SSLError) as error:
        server.server_close()
        raise OutputError(f"{certificate[0]} and its key cannot be used: {error}") from None
    # a client that never says hello must not keep others waiting
    return context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


def _line(text: str) -> bytes:
    return f"{text}\n".encode()
