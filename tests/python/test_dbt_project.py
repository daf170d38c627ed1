"""House rules of the dbt project, checked on what dbt itself says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Project, copy_project

Node = dict[str, Any]

LAYERS = ("bronze", "staging", "silver", "gold", "marts")
# views that ingesters read again after they landed something, with no dbt run between
WORK_LISTS = ("genie_messages_to_fetch", "genie_comments_to_fetch", "genie_eval_runs")
LONGEST_MODEL = 150
LONGEST_NAME = 63

pytestmark = pytest.mark.slow


@dataclass
class Artifacts:
    """What dbt wrote after it built the project on an empty database."""

    manifest: dict[str, Any]
    catalog: dict[str, Any]
    project: Project

    @property
    def models(self) -> dict[str, Node]:
        return {
            id_: node
            for id_, node in self.manifest["nodes"].items()
            if node["resource_type"] == "model"
        }

    @property
    def columns_built(self) -> dict[str, set[str]]:
        return {id_: set(node["columns"]) for id_, node in self.catalog["nodes"].items()}

    def tests_of(self, model: str) -> Iterator[Node]:
        for node in self.manifest["nodes"].values():
            if node["resource_type"] == "test" and node.get("attached_node") == model:
                yield node

    def parents(self, id_: str) -> dict[str, Node]:
        known = self.manifest["nodes"] | self.manifest["sources"]
        return {parent: known[parent] for parent in self.manifest["parent_map"][id_]}


@pytest.fixture(scope="module")
def artifacts(make_project: Callable[[], Project]) -> Artifacts:
    project = make_project()
    project.artifacts = True
    project.extra["GENIE_COLUMN_COMMENTS"] = "true"
    project.parsed = project.folder / "target"  # other settings make dbt parse anew
    project.ingest("init")
    project.dbt("build")
    project.dbt("docs", "generate")
    manifest, catalog = (
        json.loads((project.parsed / name).read_text(encoding="utf-8"))
        for name in ("manifest.json", "catalog.json")
    )
    return Artifacts(manifest, catalog, project)


def model_files() -> list[Path]:
    return [path for kind in ("*.sql", "*.py") for path in (ROOT / "models").rglob(kind)]


def layer_of(node: Node) -> str | None:
    """Return the folder of a model's layer; sources have no layer, seeds count as silver."""
    if node["resource_type"] == "seed":
        return "silver"
    return next((layer for layer in LAYERS if layer in node["fqn"]), None)


def is_view(node: Node) -> bool:
    return bool(node.get("config", {}).get("materialized") == "view")


def views_up_from(artifacts: Artifacts, id_: str) -> tuple[dict[str, Node], dict[str, Node]]:
    """Return a view with the views above it, and the first relations above that hold data."""
    views: dict[str, Node] = {id_: artifacts.models[id_]}
    stored: dict[str, Node] = {}
    for parent, node in artifacts.parents(id_).items():
        if is_view(node):
            more_views, more_stored = views_up_from(artifacts, parent)
            views |= more_views
            stored |= more_stored
        else:
            stored[parent] = node
    return views, stored


def test_only_the_first_layer_of_a_domain_reads_sources(artifacts: Artifacts) -> None:
    readers = {
        node["name"]: layer_of(node)
        for id_, node in artifacts.models.items()
        if any(parent.startswith("source.") for parent in artifacts.parents(id_))
    }
    assert set(readers.values()) == {"bronze", "staging"}, readers


def test_layers_read_forward_only(artifacts: Artifacts) -> None:
    backward = [
        (node["name"], parent["name"])
        for id_, node in artifacts.models.items()
        for parent in artifacts.parents(id_).values()
        if parent["resource_type"] == "model"
        and LAYERS.index(layer_of(parent) or "") > LAYERS.index(layer_of(node) or "")
    ]
    assert backward == []


def test_every_model_has_its_yaml_beside_it() -> None:
    # a twin has that of the Python model whose name it shares
    models = {path.with_suffix("") for path in model_files() if path.parent.name != "twins"}
    described = {
        path.with_suffix("")
        for path in (ROOT / "models").rglob("*.yml")
        if not path.name.startswith("_")
    }
    assert models == described


def test_every_model_says_what_one_row_is(artifacts: Artifacts) -> None:
    last_sentence = re.compile(r"(^|\. )One row per [^.]+\.\s*$")
    silent = [
        node["name"]
        for node in artifacts.models.values()
        if not last_sentence.search(" ".join(node["description"].split()))
    ]
    assert silent == []


def test_documented_columns_are_the_built_ones(artifacts: Artifacts) -> None:
    assert artifacts.models
    for id_, node in artifacts.models.items():
        assert set(node["columns"]) == artifacts.columns_built[id_], node["name"]
        bare = [name for name, column in node["columns"].items() if not column["description"]]
        assert bare == [], node["name"]


def test_descriptions_are_stored_as_comments(artifacts: Artifacts) -> None:
    stored = {
        (row["table_name"], row["column_name"]): row["comment"]
        for row in artifacts.project.query(
            "select table_name, column_name, comment from duckdb_columns() where comment <> ''"
        )
    }
    for node in artifacts.models.values():
        for name, column in node["columns"].items():
            told = stored[node["name"], name]
            assert told.split() == column["description"].split(), node["name"]


def test_what_is_read_from_outside_has_contracts_and_keys(artifacts: Artifacts) -> None:
    for id_, node in artifacts.models.items():
        if layer_of(node) not in ("gold", "marts"):
            continue
        kinds = {test["test_metadata"]["name"] for test in artifacts.tests_of(id_)}
        if node["language"] == "python":  # dbt enforces no contract on it, this test does
            assert "columns_as_declared" in kinds, node["name"]
        else:
            assert node["config"]["contract"]["enforced"], node["name"]
        assert kinds & {"unique", "unique_together"}, node["name"]


def test_python_models_are_where_they_can_run(artifacts: Artifacts) -> None:
    """On Databricks in a serverless job, with packages of the versions that we test with."""
    models = [node for node in artifacts.models.values() if node["language"] == "python"]
    assert models
    pins = set((ROOT / "constraints.txt").read_text().splitlines())
    pins_of_standin = (ROOT / "tests/local_databricks/constraints.txt").read_text().splitlines()
    for node in models:
        config = node["config"]
        assert config["submission_method"] == "serverless_cluster", node["name"]
        assert config["environment_key"] == node["name"]
        assert pins.intersection(pins_of_standin) >= set(config["environment_dependencies"])
        assert config["packages"] == [], "serverless takes them from the environment alone"


def test_a_python_model_that_is_not_as_declared_is_found(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    copied = copy_project(tmp_path / "copied")
    path = copied / "models/genie/gold/genie_generated_sql.yml"
    text = path.read_text(encoding="utf-8").replace("data_type: bigint", "data_type: string", 1)
    columns, tests = text.rsplit("    data_tests:\n", 1)
    more = "      - name: more\n        data_type: boolean\n"
    path.write_text(f"{columns}{more}    data_tests:\n{tests}", encoding="utf-8")
    changed = Project(
        artifacts.project.folder, tmp_path / "target", {"DBT_PROJECT_DIR": str(copied)}
    )
    told = changed.dbt("test", "--select", "test_name:columns_as_declared", expect=1).stdout
    assert "Got 2 results" in told


def test_e_mail_addresses_are_marked_as_personal_data(artifacts: Artifacts) -> None:
    unmarked = [
        (node["name"], name)
        for node in artifacts.models.values()
        for name, column in node["columns"].items()
        if name in {"user_email", "content"}
        and column["config"].get("meta", {}).get("contains") != "personal_data"
    ]
    assert unmarked == []


def test_message_details_holds_no_e_mail(artifacts: Artifacts) -> None:
    columns = artifacts.models["model.genie_observability.message_details"]["columns"]
    assert [name for name in columns if "email" in name] == []


def test_models_do_not_ask_for_the_engine() -> None:
    asking = [
        str(path.relative_to(ROOT))
        for path in model_files()
        if re.search(r"target\.(type|name)", path.read_text(encoding="utf-8"))
    ]
    assert asking == []


def test_models_are_short() -> None:
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "models").rglob("*.sql")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODEL} == {}


@pytest.mark.parametrize("name", WORK_LISTS)
def test_work_list_parses_no_payload(artifacts: Artifacts, name: str) -> None:
    views, _ = views_up_from(artifacts, f"model.genie_observability.{name}")
    assert len(views) > 1
    for node in views.values():
        assert not re.search(r"\bpayload\b", node["raw_code"]), node["name"]
        parsers = [macro for macro in node["depends_on"]["macros"] if ".json_" in macro]
        assert parsers == [], node["name"]


def test_views_stand_on_tables_that_stay(artifacts: Artifacts) -> None:
    # Postgres drops a view together with the table below it: dbt swaps `table`, and keeps the rest
    for id_, model in artifacts.models.items():
        if is_view(model):
            _, stored = views_up_from(artifacts, id_)
            swapped = [
                n["name"] for n in stored.values() if n["config"].get("materialized") == "table"
            ]
            assert swapped == [], model["name"]


def test_no_model_asks_which_engine_it_is_on() -> None:
    for folder in ("models", "snapshots", "tests/dbt"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".sql", ".py"):
                assert not re.search(r"target\.(type|name)", path.read_text(encoding="utf-8")), path


def test_macro_files_hold_the_macro_of_their_name() -> None:
    for path in (ROOT / "macros").rglob("*.sql"):
        text = path.read_text(encoding="utf-8")
        assert re.search(rf"macro {path.stem}\(", text), path.name


@pytest.mark.parametrize("folder", ["cross_db", "genie", "ml"])
def test_public_macros_are_described(artifacts: Artifacts, folder: str) -> None:
    names = {path.stem for path in (ROOT / "macros" / folder).glob("*.sql")}
    for name in sorted(names):
        macro = artifacts.manifest["macros"][f"macro.genie_observability.{name}"]
        assert macro["description"], name
        signature = re.search(rf"macro {name}\(([^)]*)\)", macro["macro_sql"])
        assert signature, name
        given = [part.split("=")[0].strip() for part in signature[1].split(",") if part.strip()]
        assert [argument["name"] for argument in macro["arguments"]] == given, name
        assert all(argument["type"] for argument in macro["arguments"]), name


# no expression of their own, or one whose input differs by engine: built everywhere, and compared
# by test_parity.py
NOT_COMPARED = {
    *("create_parse_functions", "parse_function", "json_path"),
    *("postgres_indexes", "databricks_clustering"),
    *("map_document", "map_value", "struct_value"),
}


def test_every_difference_between_engines_has_its_case() -> None:
    cases = (ROOT / "tests/dbt/singular/assert_cross_db_macros_agree.sql").read_text()
    names = {path.stem for path in (ROOT / "macros" / "cross_db").glob("*.sql")}
    assert names >= NOT_COMPARED
    for name in names - NOT_COMPARED:
        assert f"{name}(" in cases, name


def test_every_unit_test_names_its_model_and_what_happens(artifacts: Artifacts) -> None:
    unit_tests = artifacts.manifest["unit_tests"].values()
    assert unit_tests
    for test in unit_tests:
        assert re.fullmatch(rf"test_{test['model']}__[a-z0-9_]+", test["name"]), test["name"]
        # dbt names a table after the test, and Postgres takes no more
        assert len(test["name"]) <= LONGEST_NAME, test["name"]


def test_singular_tests_are_sentences() -> None:
    names: list[Path] = sorted((ROOT / "tests" / "dbt" / "singular").glob("*.sql"))
    assert names
    assert [path.name for path in names if not path.name.startswith("assert_")] == []
