"""The docs: links lead somewhere, every page is found, diagrams are drawn, nothing has drifted."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from diagrams import draw
from harness import ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```", re.DOTALL | re.MULTILINE)
LABEL = re.compile(r"^ *acc(Title|Descr): (.+)$", re.MULTILINE)
ROOMS = ("architecture", "data-model", "persistence", "test-data", "recommendations", "governance")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


PAGES = pages()
DIAGRAMS = [(page, text) for page in PAGES for text in DIAGRAM.findall(page.read_text())]


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))  # links in their texts are Markdown, too


def names_of(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page; equal ones are numbered."""
    found: Counter[str] = Counter()
    slugs = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        slugs.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return slugs


def links(page: Path) -> list[tuple[Path, str]]:
    """The pages and files that a page leads to, each with the anchor in it."""
    inside = [link for link in LINK.findall(prose(page)) if "://" not in link]
    parts = [link.partition("#") for link in inside if not link.startswith("mailto:")]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=names_of(PAGES + NOTEBOOKS))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{target.name}#{anchor}"


def test_a_dead_link_and_a_dead_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Who? *Me*\n## Twice\n## Twice\n[a](page.md#who-me) [b](#no) [c](gone.md)\n")
    assert anchors(page) == {"who-me", "twice", "twice-1"}
    assert links(page) == [(page, "who-me"), (page, "no"), (tmp_path / "gone.md", "")]


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target for target, _ in links(page)]
    # those of models hold what dbt puts into descriptions
    people_read = {page for page in PAGES if "models" not in page.relative_to(ROOT).parts}
    assert people_read <= reached


def test_the_readme_leads_to_each_room_by_its_name() -> None:
    direct = {target for target, _ in links(ROOT / "README.md")}
    assert {ROOT / "docs" / f"{room}.md" for room in ROOMS} <= direct


def test_the_data_model_is_that_of_the_yaml() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "data_model.py"))
    written = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    assert written == script["page"](), "run `make data-model`"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    if not shutil.which("chromium"):
        pytest.skip("no Chromium: see `make test-deps`")
    broken = "flowchart LR\n    a --> --> b\n"
    return draw([text for _, text in DIAGRAMS] + [broken], tmp_path_factory.mktemp("diagrams"))


@pytest.mark.parametrize(
    "number",
    range(len(DIAGRAMS)),
    ids=[f"{page.stem}-{text.split()[0]}" for page, text in DIAGRAMS],
)
def test_diagrams_are_drawn_and_told_to_those_who_do_not_see_them(
    number: int, drawn: list[dict[str, Any]]
) -> None:
    text, found = DIAGRAMS[number][1], drawn[number]
    assert "error" not in found, found["error"]
    labels = dict(LABEL.findall(text))
    assert (found["title"], found["description"]) == (labels["Title"], labels["Descr"])
    assert min(found["width"], found["height"]) > 100


def test_a_diagram_that_cannot_be_drawn_is_told(drawn: list[dict[str, Any]]) -> None:
    assert "error" in drawn[-1]


def test_the_architecture_has_each_level_of_c4_and_a_run() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for title in ("Context", "Containers", "Components", "A run"):
        (section,) = re.findall(rf"^## {title}$(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
        assert DIAGRAM.search(section), title
