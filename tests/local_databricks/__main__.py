"""Serves the stand-in on loopback until it is stopped; prints its address when it answers."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from local_databricks.engine import Engine
from local_databricks.rest_service import RestService
from local_databricks.thrift_service import ThriftService


class Handler(BaseHTTPRequestHandler):
    """Takes both protocols on one port, as Databricks does."""

    protocol_version = "HTTP/1.1"
    # head and body at once: the second would wait for the client to confirm the first
    disable_nagle_algorithm = True
    wbufsize = -1
    thrift: TCLIService.Processor
    rest: RestService

    def log_message(self, *_: object) -> None:
        """Say nothing of requests: statements are logged."""

    def do_POST(self) -> None:
        """Answer a Thrift call, or a REST call."""
        if "application/x-thrift" not in (self.headers.get("Content-Type") or ""):
            self._answer_rest()
            return
        answer = TMemoryBuffer()
        self.thrift.process(TBinaryProtocol(TMemoryBuffer(self._body())), TBinaryProtocol(answer))
        self._send(200, "application/x-thrift", answer.getvalue())

    def do_GET(self) -> None:
        """Answer a REST call."""
        self._answer_rest()

    def do_PATCH(self) -> None:
        """Answer a REST call: permissions of a run."""
        self._answer_rest()

    def _answer_rest(self) -> None:
        found = self.rest.answer(self.path, json.loads(self._body() or b"{}"))
        body = {"error_code": "RESOURCE_DOES_NOT_EXIST"} if found is None else found
        self._send(404 if found is None else 200, "application/json", json.dumps(body).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Parse the command line, start Spark, serve."""
    parser = argparse.ArgumentParser(prog="local_databricks", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for tables and the log")
    parser.add_argument("--jar", type=Path, required=True, help="Delta Lake's classes")
    parser.add_argument("--catalog", action="append", required=True, help="repeat for each")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--memory", default="2g")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(message)s",
        filename=given.folder / "server.log",
    )
    logging.getLogger("local_databricks").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    engine = Engine(given.folder, given.jar, given.catalog, cores=given.cores, memory=given.memory)
    Handler.thrift = TCLIService.Processor(ThriftService(engine))
    Handler.rest = RestService(engine)
    with ThreadingHTTPServer(("127.0.0.1", given.port), Handler) as server:
        server.daemon_threads = True
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
