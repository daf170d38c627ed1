"""Rows of system.query.history: every statement that an SQL warehouse ran."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from demo.answers import answer
from demo.ids import iso_ms, statement_id, uuid_id
from demo.model import Channel, History, Message, Principal, Space
from demo.ordering import in_time_order

Json = dict[str, Any]

_AUTHORING_STATEMENTS = 12
_DAY_MS = 86_400_000
_OTHER_EVERY = 5
_UI_CLIENT = "Databricks SQL Genie Space"
_API_CLIENT = "DatabricksGenie"
_ROW_BYTES = 48
_BIG_READ = 5_000_000
_COLD_SHARE = 0.06
_QUEUED_EVERY = 20
_CACHED_SHARE = 0.05


class Run(NamedTuple):
    """One execution of a statement."""

    start_ms: int
    end_ms: int
    statement_id: str
    text: str
    status: str
    error: str | None
    rows: int
    client: str
    actor: Principal
    space: Space
    genie_space_id: str | None


def query_history_rows(history: History) -> Iterator[Json]:
    """Yield the rows by start time: questions, the making of spaces, and other traffic.

    All 44 columns of the public preview; only `query_source.genie_space_id` and the statement
    id connect a row with Genie. What ends after the history is absent.
    """
    for run in ended_runs(history):
        yield _row(history, run)


def ended_runs(history: History) -> Iterator[Run]:
    """Yield the runs that have ended, by start time."""
    end_ms = history.options.end_ms
    for run in in_time_order(_batches(history), lambda run: run.start_ms):
        if run.end_ms <= end_ms:
            yield run


def warehouse_hour_rows(history: History) -> Iterator[Json]:
    """Yield the work of each warehouse and hour, as a sum over query_history_rows."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for row in query_history_rows(history):
        hour = row["start_time"][:13] + ":00:00.000Z"
        key = (row["workspace_id"], row["compute"]["warehouse_id"], hour)
        found = sums.setdefault(key, [0, 0])
        found[0] += 1
        found[1] += row["total_task_duration_ms"]
    for (workspace_id, warehouse_id, hour), (count, work_ms) in sums.items():
        yield {
            "workspace_id": workspace_id,
            "warehouse_id": warehouse_id,
            "hour_start": hour,
            "statement_count": count,
            "total_task_duration_ms": work_ms,
        }


def statement_rows(history: History, messages: Iterable[Message], now_ms: int) -> Iterator[Json]:
    """Yield the rows of what messages ran until now, message by message."""
    for message in messages:
        for run in _asked(message):
            if run.end_ms <= now_ms:
                yield _row(history, run)


def _batches(history: History) -> Iterator[tuple[int, Iterator[Run]]]:
    if not history.messages:
        return
    for space in history.spaces:
        yield 0, _authoring(space)
    for number, message in enumerate(history.messages):
        yield message.created_ms, _asked(message)
        if number % _OTHER_EVERY == 0:
            yield message.created_ms, iter((_other(history, message),))


def _asked(message: Message) -> Iterator[Run]:
    thread = message.conversation
    for statement in answer(message).statements:
        yield Run(
            start_ms=statement.start_ms,
            end_ms=statement.end_ms,
            statement_id=statement.statement_id,
            text=statement.sql,
            status=statement.status,
            error=statement.error,
            rows=statement.row_count,
            client=_UI_CLIENT if thread.channel is Channel.UI else _API_CLIENT,
            actor=thread.author,
            space=thread.space,
            genie_space_id=thread.space.space_id,
        )


def _authoring(space: Space) -> Iterator[Run]:
    for number in range(_AUTHORING_STATEMENTS):
        table = space.tables[number % len(space.tables)]
        is_probe = number % 3 == 0
        text = f"DESCRIBE TABLE {table}" if is_probe else _profile(table)
        start_ms = space.created_ms + number * _DAY_MS // 4 + 60_000
        yield Run(
            start_ms=start_ms,
            end_ms=start_ms + (2 if is_probe else 9_000 + 700 * number),
            statement_id=statement_id(space.space_id, "authoring", number),
            text=text,
            status="FINISHED",
            error=None,
            rows=20,
            client=_UI_CLIENT,
            actor=space.owner,
            space=space,
            genie_space_id=space.space_id,
        )


def _profile(table: str) -> str:
    sample = f"TABLE {table} TABLESAMPLE (10000 ROWS)"
    return f"WITH SampledData AS ({sample}) FROM SampledData |> AGGREGATE approx_top_k(*, 100)"


def _other(history: History, message: Message) -> Run:
    space = message.conversation.space
    key = message.message_id
    start_ms = message.created_ms + message.salt % 30_000
    return Run(
        start_ms=start_ms,
        end_ms=start_ms + 200 + message.salt % 9_000,
        statement_id=statement_id(key, "other"),
        text=f"TABLE {space.tables[0]} LIMIT 1000",
        status="FINISHED",
        error=None,
        rows=1000,
        client="Databricks SQL Editor",
        actor=history.people[message.salt % len(history.people)],
        space=space,
        genie_space_id=None,
    )


def _row(history: History, run: Run) -> Json:
    draws = random.Random(int(run.statement_id.replace("-", ""), 16))
    return {
        "account_id": history.account_id,
        "workspace_id": run.space.workspace.workspace_id,
        "statement_id": run.statement_id,
        "executed_by": run.actor.name,
        "session_id": uuid_id(run.actor.name, run.start_ms // _DAY_MS),
        "execution_status": run.status,
        "compute": {
            "type": "WAREHOUSE",
            "cluster_id": None,
            "warehouse_id": run.space.warehouse_id,
        },
        "executed_by_user_id": str(run.actor.user_id),
        "statement_text": run.text,
        "statement_type": "DESCRIBE" if run.text.startswith("DESCRIBE") else "SELECT",
        "error_message": run.error,
        "client_application": run.client,
        "client_driver": None,
        **_durations(run, draws),
        "start_time": iso_ms(run.start_ms),
        "end_time": iso_ms(run.end_ms),
        "update_time": iso_ms(run.end_ms + 400),
        **_volumes(run, draws),
        "query_source": _source(run),
        "executed_as_user_id": str(run.actor.user_id),
        "executed_as": run.actor.name,
        "written_rows": 0,
        "written_files": 0,
        "cache_origin_statement_id": None,
        "query_parameters": None,
        "query_tags": {},
    }


def _durations(run: Run, draws: random.Random) -> Json:
    total_ms = run.end_ms - run.start_ms
    waiting_ms = int(total_ms * 0.5) if draws.random() < _COLD_SHARE else 0
    queued_ms = (total_ms - waiting_ms) // 5 if run.start_ms % _QUEUED_EVERY == 0 else 0
    compiling_ms = int((total_ms - waiting_ms) * (0.1 + 0.2 * draws.random()))
    fetching_ms = int((total_ms - waiting_ms) * 0.05 * draws.random())
    executing_ms = total_ms - waiting_ms - queued_ms - compiling_ms - fetching_ms
    return {
        "total_duration_ms": total_ms,
        "waiting_for_compute_duration_ms": waiting_ms,
        "waiting_at_capacity_duration_ms": queued_ms,
        "execution_duration_ms": executing_ms,
        "compilation_duration_ms": compiling_ms,
        "total_task_duration_ms": int(executing_ms * (1 + 5 * draws.random())),
        "result_fetch_duration_ms": fetching_ms,
    }


def _volumes(run: Run, draws: random.Random) -> Json:
    is_cached = run.status == "FINISHED" and draws.random() < _CACHED_SHARE
    has_read = run.status != "FAILED" and not is_cached
    read_rows = run.rows + int(_BIG_READ * draws.random() ** 3) if has_read else 0
    read_files = 1 + read_rows // 250_000 if has_read else 0
    pruned_files = int(40 * draws.random()) if has_read else 0
    read_bytes = read_rows * _ROW_BYTES
    return {
        "read_partitions": min(read_files, 12),
        "pruned_files": pruned_files,
        "read_files": read_files,
        "read_rows": read_rows,
        "produced_rows": run.rows,
        "read_bytes": read_bytes,
        "read_io_cache_percent": int(100 * draws.random()) if has_read else 0,
        "from_result_cache": is_cached,
        "spilled_local_bytes": 0,
        "written_bytes": 0,
        "shuffle_read_bytes": read_bytes // 20,
        "pruned_files_bytes": pruned_files * 9_000_000,
        "read_files_bytes": read_bytes,
    }


def _source(run: Run) -> Json:
    return {
        "job_info": None,
        "legacy_dashboard_id": None,
        "dashboard_id": None,
        "alert_id": None,
        "notebook_id": None,
        "sql_query_id": None,
        "genie_space_id": run.genie_space_id,
        "pipeline_info": None,
    }
