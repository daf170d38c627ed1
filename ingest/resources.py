"""Fetches, space by space, what is listed whole: conversations, benchmark runs, comments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ingest.client import GenieClient, Json
from ingest.errors import FetchError
from ingest.messages import land_conversations
from ingest.text import canonical_json
from ingest.worklist import (
    Conversation,
    Workspace,
    read_commented,
    read_complete_eval_runs,
    read_known_conversations,
    read_spaces,
)
from ingest.workspaces import OpenClient, Run, require_some, visit
from warehouse import Warehouse
from warehouse.landing import CONVERSATIONS, EVAL_RESULTS, EVAL_RUNS, MESSAGE_COMMENTS

Keys = Mapping[str, str]

_NOT_FOUND = 404
_WORKERS = 4  # conversations that nobody knew, fetched at a time


def list_conversations(
    warehouse: Warehouse, open_client: OpenClient, run: Run, workspace_id: str | None
) -> None:
    """List the conversations of every known space, and fetch those that nobody knew.

    A space that lists no known conversation of others is a problem: the API answers 200 with the
    caller's own conversations where CAN MANAGE is missing.

    Raises:
        WorkspaceError: there are workspaces, and none of them can be used.
    """
    work = read_spaces(warehouse, workspace_id)

    def fetch(client: GenieClient, workspace: Workspace) -> None:
        known = read_known_conversations(warehouse, workspace.workspace_id)
        for number, space_id in enumerate(work[workspace], start=1):
            if run.stop.is_set():
                return
            keys = {"workspace_id": workspace.workspace_id, "space_id": space_id}
            _list_space(client, keys, known.get(space_id, {}), run)
            run.report(number, len(work[workspace]))

    failed = visit(work, open_client, run, fetch)
    require_some(len(work), len(failed), run.counts)


def _list_space(client: GenieClient, keys: Keys, known: Mapping[str, bool], run: Run) -> None:
    """List a space; `known` says of each known conversation whether it must be listed."""
    expected = sum(known.values())
    is_any_listed = False
    try:
        for page in client.list_conversations(keys["space_id"]):
            ids = _store_conversations(page, keys, run)
            is_any_listed |= any(known.get(conversation_id, False) for conversation_id in ids)
            unknown = [
                Conversation(**keys, conversation_id=conversation_id, due=(), known={})
                for conversation_id in ids
                if conversation_id not in known
            ]
            land_conversations(run, client, unknown, _WORKERS)
    except FetchError as error:
        run.attempt("conversations", keys, error)
        return
    run.attempt("conversations", keys, None)
    if expected and not is_any_listed:
        run.counts.problems.append(
            f"space {keys['space_id']}: lists none of the {expected} known conversations of others:"
            " grant CAN MANAGE on it"
        )


def _store_conversations(page: Iterable[Json], keys: Keys, run: Run) -> list[str]:
    """Land a page of a listing and return the ids that are in it."""
    ids = []
    for conversation in page:
        conversation_id = str(conversation.get("conversation_id", ""))
        if conversation_id:
            ids.append(conversation_id)
            row_keys = {**keys, "conversation_id": conversation_id}
            run.store(CONVERSATIONS, row_keys, run.privacy.payload(conversation))
    run.writer.flush_if_full()
    return ids


def fetch_evals(
    warehouse: Warehouse, open_client: OpenClient, run: Run, workspace_id: str | None
) -> None:
    """Fetch the benchmark runs of every known space with results, but those stored complete.

    Raises:
        WorkspaceError: there are workspaces, and none of them can be used.
    """
    work = read_spaces(warehouse, workspace_id)
    complete = read_complete_eval_runs(warehouse)

    def fetch(client: GenieClient, workspace: Workspace) -> None:
        for number, space_id in enumerate(work[workspace], start=1):
            if run.stop.is_set():
                return
            keys = {"workspace_id": workspace.workspace_id, "space_id": space_id}
            _fetch_eval_runs(client, keys, complete, run)
            run.report(number, len(work[workspace]))

    failed = visit(work, open_client, run, fetch)
    require_some(len(work), len(failed), run.counts)


def _fetch_eval_runs(
    client: GenieClient, keys: Keys, complete: Mapping[tuple[str, str], str], run: Run
) -> None:
    try:
        for eval_run in client.list_eval_runs(keys["space_id"]):
            eval_run_id = str(eval_run.get("eval_run_id", ""))
            payload = run.privacy.payload(eval_run)
            digest = hashlib.sha256(canonical_json(payload).encode()).hexdigest()
            if not eval_run_id or complete.get((keys["workspace_id"], eval_run_id)) == digest:
                continue
            run_keys = {**keys, "eval_run_id": eval_run_id}
            run.store(EVAL_RUNS, {**run_keys, "payload_sha256": digest}, payload)
            _fetch_eval_results(client, run_keys, run)
    except FetchError as error:
        run.attempt("eval_runs", keys, error)
    else:
        run.attempt("eval_runs", keys, None)


def _fetch_eval_results(client: GenieClient, keys: Keys, run: Run) -> None:
    space_id, eval_run_id = keys["space_id"], keys["eval_run_id"]
    attempt_keys = {
        "workspace_id": keys["workspace_id"],
        "space_id": space_id,
        "resource_id": eval_run_id,
    }
    try:
        for result in client.list_eval_results(space_id, eval_run_id):
            result_id = str(result.get("result_id", ""))
            try:
                details = client.get_eval_result(space_id, eval_run_id, result_id)
            except FetchError as error:
                if error.http_status != _NOT_FOUND:
                    raise
                details = {}  # forgotten by the API; the result itself is still there
            payload = run.privacy.payload({**result, **details})
            run.store(EVAL_RESULTS, {**keys, "result_id": result_id}, payload)
    except FetchError as error:
        run.attempt("eval_run", attempt_keys, error)
    else:
        run.attempt("eval_run", attempt_keys, None)


def fetch_comments(
    warehouse: Warehouse, open_client: OpenClient, run: Run, workspace_id: str | None
) -> None:
    """Fetch the comments of the conversations in which the audit log shows new ones.

    Raises:
        WorkspaceError: there is work, and no workspace of it can be used.
    """
    work = read_commented(warehouse, workspace_id)

    def fetch(client: GenieClient, workspace: Workspace) -> None:
        for number, (space_id, conversation_id) in enumerate(work[workspace], start=1):
            if run.stop.is_set():
                return
            keys = {
                "workspace_id": workspace.workspace_id,
                "space_id": space_id,
                "conversation_id": conversation_id,
            }
            _fetch_conversation_comments(client, keys, run)
            run.report(number, len(work[workspace]))

    failed = visit(work, open_client, run, fetch)
    require_some(len(work), len(failed), run.counts)


def _fetch_conversation_comments(client: GenieClient, keys: Keys, run: Run) -> None:
    try:
        for comment in client.list_comments(keys["space_id"], keys["conversation_id"]):
            ids = {
                "message_id": str(comment.get("message_id", "")),
                "comment_id": str(comment.get("message_comment_id", "")),
            }
            run.store(MESSAGE_COMMENTS, {**keys, **ids}, run.privacy.payload(comment))
    except FetchError as error:
        run.attempt("comments", keys, error)
    else:
        run.attempt("comments", keys, None)
