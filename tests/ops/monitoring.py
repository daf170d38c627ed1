"""Real monitoring programs on loopback, and ends that take what they send."""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import yaml
from harness import ROOT

OPS = ROOT / "ops"
RULES = sorted((OPS / "prometheus/rules").glob("*.yml"))
DASHBOARDS = sorted((OPS / "grafana/dashboards").glob("*.json"))

T = TypeVar("T")


def program(*names: str) -> str:
    """Return the first of some programs that is here; the test skips if none is."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip(f"no {names[0]} on this machine: make test-deps")


def run(*command: str, expect: int = 0, **options: Any) -> str:
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        check=False, **options,
    )  # fmt: skip
    assert finished.returncode == expect, finished.stdout
    return finished.stdout


def rules() -> list[dict[str, Any]]:
    """Return all rules, recorded ones too."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def fetch(url: str, body: object = None) -> str:
    request = Request(url, data=None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("Content-Type", "application/json")
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        return str(answer.read().decode())


def eventually(ask: Callable[[], T], seconds: float = 60) -> T:
    """Return the first answer that is not empty; the last one is told if none comes in time."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer: Any = ask()
        except (URLError, OSError) as error:
            answer = None
            problem: object = error
        else:
            problem = answer
        if answer:
            return answer  # type: ignore[no-any-return]
        assert time.monotonic() < end, problem
        time.sleep(0.1)


@contextmanager
def running(folder: Path, ready: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it begins when the server says that it is ready."""
    with (folder / f"{Path(command[0]).name}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        eventually(lambda: fetch(ready) or "ready")
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def prometheus(folder: Path, config: Path, *options: str) -> Iterator[str]:
    """Run Prometheus on a configuration; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    with running(
        folder,
        f"http://{address}/-/ready",
        program("prometheus"),
        f"--config.file={config}",
        f"--web.listen-address={address}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        *options,
    ):
        yield f"http://{address}"


def query(url: str, expression: str, **parameters: Any) -> list[dict[str, Any]]:
    """Ask Prometheus; an expression that it refuses is an error."""
    kind = "query_range" if "start" in parameters else "query"
    asked = urlencode({"query": expression, **parameters})
    result: list[dict[str, Any]] = json.loads(fetch(f"{url}/api/v1/{kind}?{asked}"))["data"][
        "result"
    ]
    return result


@contextmanager
def alertmanager(folder: Path, config: Path) -> Iterator[str]:
    """Run Alertmanager alone; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    with running(
        folder,
        f"http://{address}/-/ready",
        program("prometheus-alertmanager", "alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ):
        yield f"http://{address}"


class Receiver:
    """Takes what Alertmanager sends: webhooks, Slack's and PagerDuty's bodies by path, and mail."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.mails: list[Any] = []
        outer = self

        class Http(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.bodies.append((self.path, json.loads(self.rfile.read(length))))
                self.send_response(202 if self.path == "/pagerduty" else 200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        class Smtp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 here")
                for line in self.rfile:
                    word = line.split()[0].upper()
                    if word == b"DATA":
                        self._say("354 go on")
                        lines = list(iter(self.rfile.readline, b".\r\n"))
                        mail = message_from_bytes(b"".join(lines), policy=policy.default)
                        outer.mails.append(mail)
                    self._say("221 bye" if word == b"QUIT" else "250 ok")
                    if word == b"QUIT":
                        return

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), Http),
            socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp),
        ]

    def __enter__(self) -> Receiver:
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def smtp(self) -> str:
        return f"127.0.0.1:{self._servers[1].server_address[1]}"

    def at(self, path: str) -> list[dict[str, Any]]:
        return [body for known, body in self.bodies if known == path]


def shipped_alertmanager(folder: Path, receiver: Receiver) -> Path:
    """Write the shipped configuration with short waits and the addresses of a receiver.

    Each of its receivers also calls a webhook, at the receiver's name.
    """
    config = yaml.safe_load((OPS / "alertmanager/alertmanager.yml").read_text())
    config["templates"] = [str(OPS / "alertmanager/templates/*.tmpl")]
    config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    config["global"] = {
        "smtp_smarthost": receiver.smtp, "smtp_require_tls": False,
        "smtp_from": config["global"]["smtp_from"], "pagerduty_url": f"{receiver.url}/pagerduty",
    }  # fmt: skip
    for name, text in (("slack_url", f"{receiver.url}/slack"), ("pagerduty_routing_key", "key")):
        (folder / name).write_text(f"{text}\n")
    for entry in config["receivers"]:
        for slack in entry.get("slack_configs", []):
            slack["api_url_file"] = str(folder / "slack_url")
        for pager in entry.get("pagerduty_configs", []):
            pager["routing_key_file"] = str(folder / "pagerduty_routing_key")
        entry["webhook_configs"] = [{"url": f"{receiver.url}/hook/{entry['name']}"}]
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    return path
