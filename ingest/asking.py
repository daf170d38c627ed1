"""Asks test questions in a space, slowly, and never one twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.client import GenieClient, Json
from ingest.errors import BadFileError, FetchError, HostError
from ingest.fetching import fetched
from ingest.messages import write_message
from ingest.worklist import Conversation, Workspace, read_spaces
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse

_TOO_MANY_REQUESTS = 429
_WAIT_SECONDS = 60.0  # after a refusal that names no time: the limit is by the minute


def read_questions(path: Path) -> list[str]:
    """Read the questions of a file: JSON lines with a `question` each.

    Raises:
        BadFileError: names the line that holds none.
    """
    return list(_questions(path))


def _questions(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = json.loads(line)["question"]
        except (json.JSONDecodeError, KeyError, TypeError):
            question = None
        if not isinstance(question, str) or not question.strip():
            raise BadFileError(f"{path}:{number}: no JSON object with a question")
        yield question


def ask_questions(
    warehouse: Warehouse,
    open_client: OpenClient,
    run: Run,
    *,
    workspace_id: str,
    space_id: str,
    questions: Iterable[str],
    per_minute: float,
) -> None:
    """Start a conversation with each question and land its first answer.

    A question that may have arrived (a time-out, a cut connection) is not asked again. One that
    was refused for its pace is asked again when the workspace says, or after a minute.

    Raises:
        WorkspaceError: the workspace is not known or cannot be used.
    """
    work = read_spaces(warehouse, workspace_id)
    if not work:
        raise HostError(f"workspace {workspace_id} is not known: load the workspaces table")
    asked = list(questions)

    def fetch(client: GenieClient, workspace: Workspace) -> None:
        for number, question in enumerate(asked, start=1):
            started = time.monotonic()
            answer = _ask(client, space_id, question, run)
            if answer is not None:
                thread = Conversation(
                    workspace.workspace_id, space_id, str(answer["conversation_id"]), (), {}
                )
                message = answer.get("message") or answer
                write_message(run, fetched(thread, str(answer["message_id"]), message))
                run.writer.flush_if_full()
            run.report(number, len(asked))
            pause = 60 / per_minute - (time.monotonic() - started)
            if number < len(asked) and run.stop.wait(max(pause, 0)):
                return

    failed = visit(work, open_client, run, fetch)
    require_some(len(work), len(failed), run.counts)


def _ask(client: GenieClient, space_id: str, question: str, run: Run) -> Json | None:
    """Ask; None where it failed, or may have arrived without an answer."""
    while True:
        try:
            return client.start_conversation(space_id, question)
        except FetchError as error:
            if error.http_status == _TOO_MANY_REQUESTS:
                seconds = error.retry_after_seconds
                if not run.stop.wait(_WAIT_SECONDS if seconds is None else seconds):
                    continue
            run.counts.failed += 1
            run.counts.problems.append(f"not asked again: {error}")
            return None
