"""The command line of the simulated workspace."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests
from adbc_driver_manager import Error
from servers import PostgresAccess

ROOT = Path(__file__).parents[2]


def test_serve_fails_on_request() -> None:
    command = [sys.executable, "-m", "demo", "serve", "--messages", "10", "--port", "0"]
    with subprocess.Popen(
        [*command, "--fault", "error-503=1", "--fault", "latency=0.5"],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("GENIE_")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().split()[-1]
        answer = requests.get(f"{url}/api/2.0/genie/spaces", timeout=5)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert (answer.status_code, code) == (503, 0)


def test_serve_shows_how_to_sign_in_and_stops_on_sigterm() -> None:
    command = [sys.executable, "-m", "demo", "serve", "--messages", "60", "--port", "0"]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("GENIE_DEMO_")
    }
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline().strip() for _ in range(5)]
        exports = dict(line.removeprefix("export ").split("=", 1) for line in lines[2:])
        token = requests.post(
            exports["DATABRICKS_HOST"] + "/oidc/v1/token",
            auth=(exports["DATABRICKS_CLIENT_ID"], exports["DATABRICKS_CLIENT_SECRET"]),
            timeout=5,
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert token.status_code == 200
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["load"], 64, "Missing option '--out'"),
        (["serve", "--messages", "-5"], 64, "messages must be at least 0"),
        (["serve", "--end", "tomorrow"], 64, "tomorrow"),
        (["serve", "--fault", "plague"], 64, "no such fault: plague"),
        (["dance"], 64, "No such command"),
        (["load", "--files-only", "--out", "/dev/null/x", "--messages", "1"], 1, "/dev/null/x"),
        (["serve", "--questions", "pyproject.toml"], 1, "pyproject.toml, line 1"),
    ],
)
def test_mistakes_are_told_by_exit_code_and_one_line(
    arguments: list[str], code: int, problem: str
) -> None:
    command = [sys.executable, "-m", "demo", *arguments]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert problem in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_postgres_runs_until_it_is_told_to_stop() -> None:
    with tempfile.TemporaryDirectory(prefix="genie-postgres-") as folder:
        command = [sys.executable, "-m", "demo", "postgres", "--port", "0", "--folder", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(5)]
            told = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
            PostgresAccess(told).execute("select 1")
            process.terminate()
            assert process.wait(timeout=30) == 0
        with pytest.raises(Error):
            PostgresAccess(told).execute("select 1")
