"""The notebook: nothing of a run is kept, and it reads marts only. test_tour.py runs it."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from harness import ROOT
from notebook import NOTEBOOK, code_cells
from sqlglot import exp

FOLDERS = {"genie_analytics": "genie/gold", "ml_training": "ml/marts"}


def queries() -> Iterator[str]:
    """The texts that the notebook gives to `read`, the warehouse's or its own."""
    for cell in code_cells():
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("read", "warehouse.read"):
                (sql, *_) = node.args
                if isinstance(sql, ast.Constant):
                    yield str(sql.value)


QUERIES = [sqlglot.parse_one(sql, read="databricks") for sql in queries()]


@pytest.fixture(scope="module")
def marts() -> dict[tuple[str, str], Any]:
    """The models by schema and name, as their YAML tells them."""
    reader = runpy.run_path(str(ROOT / "docs" / "data_model.py"))["Reader"](ROOT)
    return {
        (schema, model.name): model
        for schema, folder in FOLDERS.items()
        for model in reader.models(folder)
    }


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_queries_are_of_marts_and_of_nobodys_data(
    query: exp.Expression, marts: dict[tuple[str, str], Any]
) -> None:
    (table,) = query.find_all(exp.Table)
    columns = marts[table.db, table.name].columns
    private = {
        column["name"]
        for column in columns
        if column.get("config", {}).get("meta", {}).get("contains") == "personal_data"
    }
    read = {column.name for column in query.find_all(exp.Column)}
    assert read <= {column["name"] for column in columns}
    assert not query.is_star
    assert not read & private


def test_the_exposure_names_what_is_read() -> None:
    text = (ROOT / "models" / "_notebook__exposures.yml").read_text(encoding="utf-8")
    (exposure,) = yaml.safe_load(text)["exposures"]
    read = {table.name for query in QUERIES for table in query.find_all(exp.Table)}
    assert exposure["depends_on"] == [f"ref('{name}')" for name in sorted(read)]
    assert ROOT / exposure["config"]["meta"]["path"] == NOTEBOOK


def test_nothing_of_a_run_is_kept(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("nbstripout")
    kept = subprocess.run([program, "--verify", NOTEBOOK], capture_output=True, check=False)
    assert kept.returncode == 0, f"run `nbstripout {NOTEBOOK.relative_to(ROOT)}`"
    ran = tmp_path / "ran.ipynb"
    ran.write_text(NOTEBOOK.read_text().replace('"execution_count": null', '"execution_count": 1'))
    told = subprocess.run([program, "--verify", ran], capture_output=True, check=False)
    assert told.returncode == 1
