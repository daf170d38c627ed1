"""dbt in forks of a process that has imported it: to import it costs more than most commands.

A worker of pytest has one such process, from its first command on. Each command is a process of its
own still, with its own folder, environment and output, and ends as a program does.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn


def run_dbt(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a command of dbt, as subprocess.run does.

    Raises:
        subprocess.TimeoutExpired: After so many seconds; the command is killed.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as connection:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        request = {
            "arguments": [*arguments],
            "cwd": str(cwd),
            "env": dict(env),
            "outputs": [str(path) for path in outputs],
        }
        connection.settimeout(timeout)
        connection.connect(_starter())
        with connection.makefile("rw", encoding="utf-8") as told:
            print(json.dumps(request), file=told, flush=True)
            process = int(told.readline())
            try:
                code = int(told.readline())
            except TimeoutError as error:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired([*arguments], timeout) from error
        stdout, stderr = (path.read_text(encoding="utf-8") for path in outputs)
    return subprocess.CompletedProcess([*arguments], code, stdout, stderr)


@functools.cache
def _starter() -> str:
    """Start the process that forks, and return its address; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="dbt-")
    address = str(Path(folder.name, "socket"))
    starter = subprocess.Popen(
        # -P: our modules must not hide others'
        [sys.executable, "-P", __file__, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"

    def end() -> None:
        starter.communicate(timeout=30)
        folder.cleanup()

    atexit.register(end)
    return address


def serve(address: str) -> None:
    """Fork for each connection, until the caller is gone."""
    import dbt.adapters.duckdb
    import dbt.adapters.postgres
    import dbt.cli.main  # noqa: F401 - for the forks

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                answer(connection)
            connection.close()
            reap()


def answer(connection: socket.socket) -> NoReturn:
    """Run one command in a fork of this fork; tell its number, then its exit code."""
    with connection.makefile(encoding="utf-8") as told:
        request = json.loads(told.readline())
    process = os.fork()
    if process == 0:
        run(request)
    connection.sendall(f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    with contextlib.suppress(BrokenPipeError):  # nobody waits for what took too long
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def run(request: Mapping[str, Any]) -> NoReturn:
    """Become the command: databases are closed when the interpreter ends."""
    from dbt.cli.main import cli

    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, path in enumerate(request["outputs"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["dbt", *request["arguments"]]
    sys.exit(cli())


def reap() -> None:
    """Wait for those forks that have answered."""
    while True:
        try:
            process, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return


if __name__ == "__main__":
    serve(sys.argv[1])
