"""The REST calls that dbt-databricks makes for Python models: import a notebook, run it once."""

from __future__ import annotations

import base64
import logging
import re
import traceback
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pyspark.sql import SparkSession
from pyspark.sql.readwriter import DataFrameWriter

from local_databricks.engine import Engine

log = logging.getLogger(__name__)

Json = dict[str, Any]


class RestService:
    """Keeps notebooks in memory and runs them at once, so that the first look sees the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._notebooks: dict[str, str] = {}
        self._runs: dict[int, Json] = {}
        _rename_saved_tables(engine)

    def answer(self, url: str, body: Json) -> Json | None:
        """Return the answer to a request; None where the real service has nothing there."""
        parts = urlsplit(url)
        path = re.sub(r"^/api/\d\.\d/", "", parts.path)
        asked = dict(parse_qsl(parts.query)) | body
        if path == "workspace/import":
            self._notebooks[body["path"]] = base64.b64decode(body["content"]).decode()
            return {}
        if path == "jobs/runs/submit":
            return self._submit(body)
        if path == "jobs/runs/get":
            return self._runs[int(asked["run_id"])]
        if path == "jobs/runs/get-output":
            run = self._runs[int(asked["run_id"])]
            return {"metadata": run, "error": run["error"], "error_trace": run["error"]}
        fixed: dict[str, Json] = {
            "preview/scim/v2/Me": {"userName": "local@localhost", "id": "1"},
            "workspace/mkdirs": {},
            "workspace/get-status": {"path": asked.get("path"), "object_type": "NOTEBOOK"},
        }
        if path.startswith("permissions/"):
            return {"object_id": path, "access_control_list": []}
        return fixed.get(path)

    def _submit(self, body: Json) -> Json:
        run_id = len(self._runs) + 1
        (task, *_) = body.get("tasks") or [body]
        error = self._execute(task["notebook_task"]["notebook_path"])
        state = {
            "life_cycle_state": "TERMINATED",
            "result_state": "FAILED" if error else "SUCCESS",
            "state_message": error.strip().splitlines()[-1] if error else "",
        }
        self._runs[run_id] = {
            "run_id": run_id,
            "job_id": run_id,
            "run_page_url": f"http://127.0.0.1/#job/{run_id}",
            "state": state,
            "tasks": [{"run_id": run_id, "task_key": "task", "state": state}],
            "error": error,
        }
        return {"run_id": run_id}

    def _execute(self, path: str) -> str | None:
        spark = _Spark(self._engine.spark.newSession(), self._engine)
        try:
            exec(
                compile(self._notebooks[path], path, "exec"),
                {"spark": spark, "__name__": "__main__"},
            )
        except Exception:  # noqa: BLE001 - told in the answer
            error = traceback.format_exc()
            log.info("FAILED notebook %s\n%s", path, error)
            return error
        return None


class _Spark:
    """Spark for notebooks: three-level names work."""

    def __init__(self, session: SparkSession, engine: Engine) -> None:
        self._session = session
        self._names = engine.names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def table(self, name: str) -> Any:
        return self._session.table(self._names.table_to_spark(name))

    def sql(self, statement: str, *arguments: Any, **named: Any) -> Any:
        return self._session.sql(self._names.to_spark(statement)[0], *arguments, **named)


def _rename_saved_tables(engine: Engine) -> None:
    """Make `frame.write.saveAsTable` of notebooks take three-level names."""
    original = DataFrameWriter.saveAsTable

    def save(self: Any, name: str, *arguments: Any, **named: Any) -> None:
        original(self, engine.names.table_to_spark(name), *arguments, **named)

    DataFrameWriter.saveAsTable = save
