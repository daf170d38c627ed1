"""The notebook, and its run from the first cell to the last."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import nbformat
from harness import ROOT
from nbclient import NotebookClient

NOTEBOOK = ROOT / "notebooks" / "genie_observability_demo.ipynb"


@dataclass(frozen=True)
class Shown:
    """What the cells of a run show: plots by number, all else as text."""

    plots: int
    text: str


def code_cells() -> list[str]:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def run_notebook(environ: Mapping[str, str]) -> Shown:
    """Run the notebook where it lies, as a person would, on what an environment names."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENIE_")}
    client.execute(env={**kept, "PYTHONPATH": str(ROOT), **environ})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    texts = [
        output.get("text", "") + output.get("data", {}).get("text/html", "") for output in outputs
    ]
    return Shown(sum("image/png" in output.get("data", {}) for output in outputs), "\n".join(texts))
