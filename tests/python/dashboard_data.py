"""What the dashboard is tested on: a history of many spaces, and payloads as they should not be."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlglot
from harness import ROOT, Project

from dashboards.definition import Definition, Widget, read_definition
from demo.evals import details_payload, run_payload
from demo.history import History
from demo.payloads import message_payload, space_payload
from demo.space_edits import sightings
from ingest.privacy import Privacy
from ingest.recording import BatchWriter
from ingest.text import canonical_json
from warehouse.landing import EVAL_RESULTS, EVAL_RUNS, FETCH_ATTEMPTS, MESSAGES, SPACES

Json = dict[str, Any]

FILE = ROOT / "ops/databricks/dashboards/genie_observability.lvdash.json"
MODELS = (
    *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
    *("--select", "+exposure:genie_observability_dashboard"),
)
KEY = "a-key-of-at-least-sixteen-characters"
SCRIPT = "</script><script>window.injected = 1</script><img src=x onerror='window.injected = 2'>"
EMOJI = "\U0001f9de\u200d\u2640\ufe0f {{ script }} \u05de\u05d4?"
NOTHING = "\u2013"  # what the page writes for null
LONG_SQL = "select '" + "x" * 100_000 + "'"


def oddities(now_ms: int) -> Iterable[Json]:
    """Payloads of messages that a page has to bear."""
    times = {"created_timestamp": now_ms - 60_000, "last_updated_timestamp": now_ms - 50_000}
    yield {"content": SCRIPT, "status": "COMPLETED", **times}
    yield {"content": EMOJI, "status": "PONDERING", **times}
    query = {"query": LONG_SQL, "statement_id": "s", "description": SCRIPT, "title": SCRIPT}
    attached = [{"attachment_id": "a", "query": query}, {"text": {"content": SCRIPT}}]
    rated = {"rating": "NEGATIVE", "comment": SCRIPT}
    yield {
        "content": "Long?",
        "status": "COMPLETED",
        "attachments": attached,
        "feedback": rated,
        **times,
    }
    yield dict.fromkeys(["content", "status", "attachments", "created_timestamp"])


def land(project: Project, history: History, mode: str = "full") -> None:
    """Land a history with its configurations and benchmark runs, and what a page has to bear."""
    privacy = Privacy(mode, KEY)
    project.extra |= {"GENIE_PII_MODE": mode, "GENIE_PII_KEY": KEY}
    now = history.options.end
    now_ms = int(now.timestamp() * 1000)
    project.create_tables()
    project.load(history, {one.workspace_id: None for one in history.workspaces})
    writer = BatchWriter(project.warehouse, max_rows=100_000, max_seconds=1000)

    def text(payload: Json) -> str:
        return canonical_json(privacy.payload(payload))

    stamp = {"fetched_at": now}
    for message in history.messages:
        conversation = message.conversation
        keys = {
            "workspace_id": conversation.space.workspace.workspace_id,
            "space_id": conversation.space.space_id,
            "conversation_id": conversation.conversation_id,
            "message_id": message.message_id,
        }
        writer.add(MESSAGES, keys | stamp | {"payload": text(message_payload(message, now_ms))})
        attempt = {"resource": "message", "outcome": "fetched"}
        writer.add(FETCH_ATTEMPTS, keys | stamp | attempt)
    for number, payload in enumerate(oddities(now_ms)):
        keys = {"workspace_id": "odd", "space_id": SCRIPT, "conversation_id": "c"}
        keys |= {"message_id": f"odd{number}"}
        writer.add(MESSAGES, keys | stamp | {"payload": text(payload)})
        writer.add(FETCH_ATTEMPTS, keys | stamp | {"resource": "message", "outcome": "fetched"})
    for space in history.spaces:
        keys = {"workspace_id": space.workspace.workspace_id, "space_id": space.space_id}
        last = None
        for at_ms, seen in sightings(history.options, space):
            if seen is not last:
                configured = privacy.space(space_payload(seen, with_serialized_space=True))
                told = canonical_json(configured)
                digest = {"payload": told, "payload_sha256": _sha256(told)}
                at = {"fetched_at": datetime.fromtimestamp(at_ms // 1000, UTC)}
                writer.add(SPACES, keys | at | digest)
                attempt = {"resource": "space", "outcome": "fetched"}
                writer.add(FETCH_ATTEMPTS, keys | at | attempt)
            last = seen
    for run in history.eval_runs:
        keys = {"workspace_id": run.space.workspace.workspace_id, "space_id": run.space.space_id}
        keys |= {"eval_run_id": run.run_id}
        told = text(run_payload(run, now_ms))
        digest = {"payload": told, "payload_sha256": _sha256(told)}
        writer.add(EVAL_RUNS, keys | stamp | digest)
        for result in run.results:
            detailed = text(details_payload(run, result, now_ms))
            result_keys = {"result_id": result.result_id, "payload": detailed}
            writer.add(EVAL_RESULTS, keys | stamp | result_keys)
    writer.flush()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Expected:
    """What SQL says that widgets show, by the file alone."""

    project: Project
    definition: Definition
    found: Json

    @classmethod
    def of(cls, project: Project) -> Expected:
        """Read the file; only names and positions are taken from our own reader."""
        return cls(project, read_definition(FILE), json.loads(FILE.read_text(encoding="utf-8")))

    def widget(self, name: str) -> Json:
        """Return a widget as the file has it."""
        return next(
            item["widget"]
            for page in self.found["pages"]
            for item in page["layout"]
            if item["widget"]["name"] == name
        )

    def rows(self, widget: Widget, chosen: Mapping[str, list[str]], given: Json) -> list[list[Any]]:
        """Return a widget's rows, its fields in order; `chosen` are values by column."""
        query = self.widget(widget.name)["queries"][0]["query"]
        dataset = next(d for d in self.found["datasets"] if d["name"] == query["datasetName"])
        text = "".join(dataset["queryLines"])
        for parameter in dataset.get("parameters", []):
            text = text.replace(f":{parameter['keyword']}", f"'{given[parameter['keyword']]}'")
        inner = sqlglot.transpile(text, read="databricks", write="duckdb")[0]
        inner = re.sub(r"\bFROM (\w+)", r"FROM genie_analytics.\1", inner)
        known = self.definition.datasets[dataset["name"]].columns
        conditions, values = ["true"], []
        for column, wanted in chosen.items():
            if column in known and wanted:
                conditions.append(f"{column} in ({', '.join('?' * len(wanted))})")
                values += wanted
        fields = [
            # between two values, as Databricks has it; sqlglot takes one of them
            sqlglot.transpile(field["expression"], read="databricks", write="duckdb")[0].replace(
                "QUANTILE(", "QUANTILE_CONT("
            )
            for field in query["fields"]
        ]
        order = inner.partition(" ORDER BY ")[2] if query["disaggregated"] else ""
        groups = [
            str(number)
            for number, field in enumerate(query["fields"], 1)
            if not re.match(r"(SUM|AVG|MIN|MAX|COUNT|PERCENTILE)\(", field["expression"])
        ]
        sql = f"select {', '.join(fields)} from ({inner}) as d where {' and '.join(conditions)}"
        if groups and not query["disaggregated"]:
            sql += f" group by {', '.join(groups)}"
        if order:
            sql += f" order by {order}"
        names = [f"c{number}" for number in range(len(fields))]
        listed = self.project.query(
            f"with t({', '.join(names)}) as ({sql}) select * from t", values
        )
        # our own page cuts days and weeks to dates, as AI/BI shows them
        cut = [field["expression"].startswith("DATE_TRUNC(") for field in query["fields"]]
        return [
            [
                value.date() if is_cut and isinstance(value, datetime) else value
                for value, is_cut in zip(row.values(), cut, strict=True)
            ]
            for row in listed
        ]


def shown(value: Any, field: Json | None = None, kind: str = "") -> str:
    """Return a value as the page writes it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, int | float | Decimal):
        format_ = (field or {}).get("format") or {}
        percent = kind == "percent" or format_.get("type") == "number-percent"
        places = {"percent": 1, "cost": 4}.get(kind, 2)
        places = format_.get("decimalPlaces", {}).get("places", places)
        is_rounded = bool(format_) or kind == "cost"
        if is_rounded and not percent and 0 < value < Decimal(5).scaleb(-places - 1):
            return f"< {Decimal(1).scaleb(-places)}"
        exact = Decimal(repr(float(value))) * (100 if percent else 1)
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        text = f"{rounded:,f}".rstrip("0").rstrip(".") if places else f"{rounded:,f}"
        return text + ("%" if percent else "")
    return str(value)


def identities(history: History) -> list[str]:
    """Names, ids and addresses of everybody in a history."""
    return [
        text
        for person in history.people
        for text in (person.name, str(person.user_id), person.address, person.display_name)
    ]


def found(needles: Iterable[str], text: str) -> list[str]:
    """Return what of it a text holds."""
    return [needle for needle in needles if needle in text]


def newest_end() -> datetime:
    """Return a moment just gone: time ranges are counted back from now."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def page_data(page: str) -> Json:
    """Return what a page holds, with the widgets of all its tabs."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: Json = json.loads(found[1])
    return data | {"widgets": [one for tab in data["pages"] for one in tab["widgets"]]}


def rendered(project: Project, output: Path) -> str:
    """Render the page of a project."""
    import sys

    project.run(
        *(sys.executable, "-m", "dashboards", "render"),
        *("--file", str(FILE), "--output", str(output)),
    )
    return output.read_text(encoding="utf-8")
