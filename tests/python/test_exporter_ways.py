"""The ways out: push, serve and report, from artifacts that a real dbt left."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from watched import STATES, Metrics, Watched

PASSWORD = "correct-horse"
BCRYPT = "$2y$04$sP8CX1EZ8.4NtO6Dtse3yOnPQmY/4EefxAQrX0h6z2Dx7cSCRDpbe"
OWN = "dbt_freshness_exporter_"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("watched")
    project = Watched(folder, folder / "target")
    project.write()
    project.warehouse.create_tables([])
    project.load()
    project.dbt(
        *("--log-format-file", "json", "--log-path", "log"),
        *("source", "freshness", "--exclude", "source:raw.excluded"),
        expect=1,
    )
    project.export("archive", "--log", "log/dbt.log", "--archive", "artifacts")
    return project


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def fetch(url: str, context: ssl.SSLContext | None = None) -> str:
    opener = build_opener(ProxyHandler({}))
    if context is not None:
        with urlopen(url, timeout=10, context=context) as answer:
            return str(answer.read().decode())
    with opener.open(url, timeout=10) as answer:
        return str(answer.read().decode())


@contextmanager
def gateway(folder: Path, *options: str) -> Iterator[int]:
    program = shutil.which("prometheus-pushgateway") or shutil.which("pushgateway")
    if program is None:
        pytest.skip("no prometheus-pushgateway on this machine: make test-deps")
    port = free_port()
    # Debian's default is a file that all gateways of a machine have in common
    own = (f"--web.listen-address=127.0.0.1:{port}", "--persistence.file=")
    command = [program, *own, *options]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


ARTIFACTS = ("--artifacts", "artifacts")


def test_push_replaces_on_success_and_keeps_on_failure(watched: Watched, tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        url = f"http://127.0.0.1:{port}"
        push = ("push", "--gateway", url, "--group", "env=test")
        watched.export(*push, *ARTIFACTS)
        first = fetch(f"{url}/metrics")
        assert 'dbt_source_expected{env="test",instance="",job="genie_exporter"' in first
        failed = watched.export(*push, "--artifacts", "nowhere", expect=1)
        assert failed.stderr.startswith("error: no manifest.json in nowhere")
        second = fetch(f"{url}/metrics")
        told = "dbt_source_loaded_at_seconds{"
        assert [line for line in second.splitlines() if line.startswith(told)] == [
            line for line in first.splitlines() if line.startswith(told)
        ]
        group = '{env="test",instance="",job="genie_exporter"}'
        assert f"{OWN}last_run_success{group} 0" in second
        success = f"{OWN}last_success_timestamp_seconds{group}"
        assert [line for line in first.splitlines() if line.startswith(success)] == [
            line for line in second.splitlines() if line.startswith(success)
        ]


def test_push_replaces_series_that_are_gone(watched: Watched, tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        url = f"http://127.0.0.1:{port}"
        left_over = b"left_over_from_before 1\n"
        build_opener(ProxyHandler({})).open(f"{url}/metrics/job/genie_exporter", left_over)
        assert "left_over_from_before" in fetch(f"{url}/metrics")
        watched.export("push", "--gateway", url, *ARTIFACTS)
        assert "left_over_from_before" not in fetch(f"{url}/metrics")


def test_push_with_a_password_over_tls(
    watched: Watched, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    config = tmp_path / "web.yml"
    config.write_text(
        f"tls_server_config: {{cert_file: {certificate[0]}, key_file: {certificate[1]}}}\n"
        f"basic_auth_users: {{genie: '{BCRYPT}'}}\n"
    )
    with gateway(tmp_path, f"--web.config.file={config}") as port:
        push = ("push", "--gateway", f"https://127.0.0.1:{port}", *ARTIFACTS)
        trusting = (*push, "--ca-file", str(certificate[0]))
        assert "certificate verify failed" in watched.export(*push, expect=1).stderr
        assert "answered 401" in watched.export(*trusting, expect=1).stderr
        try:
            watched.extra |= {"GENIE_PUSHGATEWAY_PASSWORD": "wrong"}
            refused = watched.export(*trusting, "--user", "genie", expect=1).stderr
            assert "answered 401" in refused
            watched.extra |= {"GENIE_PUSHGATEWAY_PASSWORD": PASSWORD}
            watched.export(*trusting, "--user", "genie")
        finally:
            del watched.extra["GENIE_PUSHGATEWAY_PASSWORD"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--gateway", "http://127.0.0.1:1"), "cannot be reached"),
        (("--gateway", "http://127.0.0.1:1", "--group", "table=t"), "group by another name"),
        (("--gateway", "http://127.0.0.1:1", "--group", "env=a/b"), "letters, digits"),
        (("--gateway", "http://gateway.invalid", "--user", "me"), "a password needs https"),
        (("--gateway", "https://me:hidden@gateway.invalid"), "not in the URL"),
        (("--gateway", "gateway:9091"), "give http://host:port"),
    ],
)
def test_push_fails_in_one_line(watched: Watched, arguments: tuple[str, ...], told: str) -> None:
    failed = watched.export("push", *ARTIFACTS, *arguments, expect=1)
    (line,) = failed.stderr.splitlines()
    assert told in line
    assert "hidden" not in line


@contextmanager
def served(watched: Watched, *arguments: str, scheme: str = "http") -> Iterator[str]:
    """Serve on a free port; yield the address once it is told."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "exporters", "serve", "--listen", address, *arguments],
        cwd=watched.folder, env=watched.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"serving {scheme}://{address}/metrics\n"
        yield f"{scheme}://{address}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


def wait_for(url: str, expected: str, context: ssl.SSLContext | None = None) -> str:
    for _ in range(100):
        try:
            text = fetch(url, context)
        except HTTPError as error:
            text = error.read().decode()
        if expected in text:
            return text
        time.sleep(0.1)
    raise AssertionError(text)


def test_serve_answers_from_memory_and_tells_its_health(watched: Watched) -> None:
    folder = watched.folder / "changing"
    shutil.copytree(watched.folder / "artifacts", folder)
    with served(watched, "--artifacts", str(folder), "--interval", "1") as url:
        assert wait_for(f"{url}/-/healthy", "ok") == "ok\n"
        before = Metrics(fetch(f"{url}/metrics"))
        assert before.states() == STATES
        shutil.rmtree(folder)
        assert "no manifest.json in" in wait_for(f"{url}/-/healthy", "no manifest.json")
        after = Metrics(fetch(f"{url}/metrics"))
        assert after.without_own() == before.without_own()
        assert after.get(f"{OWN}last_run_success") == 0
        with pytest.raises(HTTPError, match="404"):
            fetch(f"{url}/")


def test_serve_over_tls(watched: Watched, certificate: tuple[Path, Path]) -> None:
    files = ("--cert", str(certificate[0]), "--key", str(certificate[1]))
    with served(watched, *ARTIFACTS, *files, scheme="https") as url:
        # a client that says nothing keeps nobody waiting
        host, port = url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port))):
            context = ssl.create_default_context(cafile=str(certificate[0]))
            wait_for(f"{url}/metrics", "dbt_source_expected", context)
        with pytest.raises(URLError):
            fetch(f"{url}/metrics", ssl.create_default_context())


def test_serve_stops_dbt_when_it_is_stopped(watched: Watched) -> None:
    with served(watched) as url:
        with pytest.raises(HTTPError, match="503"):
            fetch(f"{url}/-/healthy")
        assert fetch(f"{url}/metrics") == ""
    assert not list(watched.parsed.glob("exporter_*/run_*"))


def test_serve_says_where_it_cannot_listen(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        failed = watched.export("serve", *ARTIFACTS, "--listen", address, expect=1)
    assert failed.stderr == f"error: cannot listen at {address}: Address already in use\n"
    watched.export("serve", "--listen", "nowhere", expect=64)
    watched.export("serve", "--cert", "pyproject.toml", expect=64)


def test_report_says_the_worst_first(watched: Watched) -> None:
    lines = watched.export("report", *ARTIFACTS).stdout.splitlines()
    assert lines[0].startswith("10 of 12 sources not fresh, 20")
    told = [line.split() for line in lines[1 : len(STATES) + 1]]
    assert {name.removeprefix("raw."): state for state, name, *_ in told} == STATES
    states = [state for state, *_ in told]
    assert states == sorted(states, key=list(dict.fromkeys(states)).index)
    assert (states[0], states[-1]) == ("runtime_error", "pass")
    assert ["error", "raw.stale", "loaded", "5", "d", "ago"] in told
    assert lines[len(STATES) + 1 :] == ["none of 0 nodes did not succeed"]


def test_report_of_a_failure_is_a_failure(watched: Watched) -> None:
    failed = watched.export("report", "--artifacts", "nowhere", expect=1)
    assert failed.stdout == ""


def test_promtool_finds_nothing_to_complain_of(watched: Watched) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine: make test-deps")
    watched.export("textfile", "lint.prom", *ARTIFACTS)
    text = (watched.folder / "lint.prom").read_text()
    checked = subprocess.run(
        [program, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_no_text_tells_of_the_machine(watched: Watched) -> None:
    watched.export("textfile", "plain.prom", *ARTIFACTS)
    text = (watched.folder / "plain.prom").read_text()
    for private in (str(watched.folder), "Binder Error", "Catalog Error"):
        assert private not in text
