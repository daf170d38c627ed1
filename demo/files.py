"""Writes the system tables of a history as JSON lines."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from demo.billing import price_rows, usage_rows
from demo.model import History
from demo.query_history import warehouse_hour_rows
from demo.system_tables import audit_rows, query_history_rows, workspaces_rows


def write_system_tables(
    history: History, urls: Mapping[str, str | None], folder: Path
) -> dict[str, Path]:
    """Write a file for each system table into a folder, such as audit.jsonl.

    Each file appears at once and complete: it is written aside and then renamed.

    Args:
        history: The account.
        urls: Address by workspace id, for the workspaces table.
        folder: Made if absent; files of the same names are replaced.

    Returns:
        The file of each landing table: audit, workspaces, query_history, warehouse_hours,
        billing_usage, list_prices.

    Raises:
        OSError: The folder or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "audit": audit_rows(history),
        "workspaces": workspaces_rows(history, urls),
        "query_history": query_history_rows(history),
        "warehouse_hours": warehouse_hour_rows(history),
        "billing_usage": usage_rows(history),
        "list_prices": price_rows(history),
    }
    return {name: _write(rows, folder / f"{name}.jsonl") for name, rows in tables.items()}


def _write(rows: Iterable[dict[str, Any]], path: Path) -> Path:
    aside = path.with_suffix(".jsonl.part")
    encode = json.JSONEncoder(ensure_ascii=False, default=float).encode
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(encode(row) + "\n" for row in rows)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path
