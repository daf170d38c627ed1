"""The rules of the house that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

PACKAGES = ("warehouse", "ingest", "exporters", "dashboards", "provision", "demo")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def names_of(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=names_of(MODULES))
def test_packages_share_only_the_warehouse(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    assert imported(path) & set(PACKAGES) <= {own, "warehouse"}


@pytest.mark.parametrize("path", MODULES, ids=names_of(MODULES))
def test_only_command_lines_read_the_environment(path: Path) -> None:
    if path.name != "cli.py":
        assert not re.search(r"os\.environ|os\.getenv", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=names_of(MODULES))
def test_modules_and_functions_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def test_the_tree_of_the_readme_is_the_tree() -> None:
    readme = (ROOT / "README.md").read_text()
    (tree,) = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    shown = {line.split()[0].rstrip("/") for line in tree.splitlines() if line.strip()}
    assert shown == {name.split("/")[0] for name in tracked() if "/" in name} | {
        name for name in tracked() if "/" not in name and name in shown
    }


def test_the_readme_names_every_table_for_readers_with_its_grain() -> None:
    readme = (ROOT / "README.md").read_text()
    folders = r"models/(genie/gold|ml/marts)(/\w+)?/\w+\.(sql|py)"
    for name in {Path(name).stem for name in tracked() if re.match(folders, name)}:
        assert re.search(rf"\| `{name}` \| One row per|\| `{name}` \| One row", readme), name


def test_every_command_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z][a-z-]*)", readme)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_make_alone_lists_the_targets() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in targets:
        assert re.search(rf"^  {target} ", listed.stdout, re.MULTILINE)


def test_constraints_pin_every_dependency_and_name_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.!+-]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    declared = re.findall(
        r'^    "([A-Za-z0-9_-]+)[<>=]', (ROOT / "pyproject.toml").read_text(), re.M
    )
    assert {name.lower().replace("_", "-") for name in declared} <= pinned
