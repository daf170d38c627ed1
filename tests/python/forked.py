"""Programs in forks of a process that has imported what is slow to import: dbt, and the SDK.

A worker of pytest has one such process, from its first command on. Each command is a process of its
own still, with its own folder, environment and output, and ends as a program does.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

IMPORTED = (
    *("dbt.cli.main", "dbt.adapters.duckdb", "dbt.adapters.postgres", "dbt.adapters.databricks"),
    *("ingest.cli", "provision.cli", "databricks.sdk", "pyarrow.parquet"),
)
# module and function of each
PROGRAMS = {
    "dbt": ("dbt.cli.main", "cli"),
    "genie-ingest": ("ingest.cli", "main"),
    "genie-setup": ("provision.cli", "main"),
}
# a fork has no thread but the one that forks: NumPy shall start none when it is imported
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def run_forked(
    program: str,
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    answer: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run one of PROGRAMS with `answer` to read, as subprocess.run does.

    Raises:
        subprocess.TimeoutExpired: After so many seconds; the command is killed, and has ended.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as connection:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        given = Path(folder, "stdin")
        given.write_text(answer, encoding="utf-8")
        request = {
            "command": [program, *arguments],
            "cwd": str(cwd),
            "env": dict(env),
            "input": str(given),
            "outputs": [str(path) for path in outputs],
        }
        connection.connect(_starter())
        with connection.makefile("rw", encoding="utf-8") as told:
            print(json.dumps(request), file=told, flush=True)
            process = int(told.readline())
            connection.settimeout(timeout)  # from its start on
            try:
                code = int(told.readline())
            except TimeoutError as error:
                with contextlib.suppress(ProcessLookupError):  # it ended just now
                    os.kill(process, signal.SIGKILL)
                connection.settimeout(None)
                connection.recv(1)  # its exit code: it holds no file any more
                raise subprocess.TimeoutExpired(request["command"], timeout) from error
        stdout, stderr = (path.read_text(encoding="utf-8") for path in outputs)
    return subprocess.CompletedProcess(request["command"], code, stdout, stderr)


@functools.cache
def _starter() -> str:
    """Start the process that forks, and return its address; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="forks-")
    address = str(Path(folder.name, "socket"))
    starter = subprocess.Popen(
        # -P: our modules must not hide others'
        [sys.executable, "-P", __file__, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
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


def serve(address: str) -> NoReturn:
    """Fork for each connection, until the caller is gone."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # so that no collection of a fork copies what it did not make

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
    os._exit(0)


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
    """Become the command, and end as it ends: threads are waited for, databases closed.

    What an interpreter does besides, to free each object, would copy all memory of the parent.
    """
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.dup2(os.open(request["input"], os.O_RDONLY), 0)
    for number, path in enumerate(request["outputs"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = request["command"]
    module, function = PROGRAMS[sys.argv[0]]
    main = getattr(importlib.import_module(module), function)
    code: object = 1
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - told as the interpreter tells it
        traceback.print_exc()
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


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
