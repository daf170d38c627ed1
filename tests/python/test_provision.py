"""`genie-setup` against the simulated workspace: what it makes, and that it makes it once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlglot
from forked import run_forked
from harness import CLIENT_SECRET, ROOT, Project

from demo.history import History, HistoryOptions, build_history
from demo.rules import Rules
from demo.server import SimulatedWorkspaces
from warehouse.landing import ALL_TABLES

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
SCHEMAS = (
    *("genie_raw", "ledger", "genie_bronze", "genie_silver"),
    *("ml_staging", "ml_training", "dbt_test__audit", "genie_analytics"),
)
SECRET = "never-to-be-printed-4711"
NOTHING = "nothing to change\n"

pytestmark = pytest.mark.slow


@dataclass
class Site:
    """A served account, and the command as an administrator runs it."""

    project: Project
    history: History
    served: SimulatedWorkspaces

    @property
    def application_id(self) -> str:
        return self.history.observer.name

    @property
    def space_id(self) -> str:
        first = self.history.workspaces[0]
        return next(one.space_id for one in self.history.spaces if one.workspace is first)

    def setup(
        self, *words: str, expect: int = 0, answer: str = ""
    ) -> subprocess.CompletedProcess[str]:
        finished = run_forked(
            *("genie-setup", words),
            cwd=self.project.folder,
            env=self.project.environment,
            timeout=120,
            answer=answer,
        )
        assert finished.returncode == expect, finished.stdout + finished.stderr
        assert SECRET not in finished.stdout + finished.stderr
        return finished

    def changes(self) -> list[str]:
        return self.served.statements.unity_catalog.changes

    def privileges(self, grantee: str, *names: str) -> set[str]:
        return self.served.statements.unity_catalog.privileges(grantee, *names)


@pytest.fixture
def make_site(
    make_project: Callable[[], Project], serve: Callable[..., SimulatedWorkspaces]
) -> Callable[..., Site]:
    def make(**rules: object) -> Site:
        history = build_history(
            HistoryOptions(end=END, messages=60, deleted_share=0, in_flight=0, restricted_share=0)
        )
        rules_given = {
            name: value(history) if callable(value) else value for name, value in rules.items()
        }
        served = serve(history, rules=Rules(**rules_given))
        project = make_project()
        project.extra |= {
            "DATABRICKS_HOST": next(iter(served.urls.values())),
            # an administrator: another one than the service principal of the jobs
            "DATABRICKS_CLIENT_ID": history.asker.name,
            "DATABRICKS_CLIENT_SECRET": CLIENT_SECRET,
            "DATABRICKS_WAREHOUSE_ID": min(served.statements.warehouse_ids),
            "DATABRICKS_SP_CLIENT_ID": history.observer.name,
            "DATABRICKS_SP_CLIENT_SECRET": SECRET,
        }
        return Site(project, history, served)

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def statements_of(name: str) -> list[str]:
    text = (ROOT / "ops" / "databricks" / "setup" / f"{name}.sql").read_text()
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [one.strip() for one in f"{code}\n".split(";\n") if one.strip()]


def test_schema_makes_what_the_file_says_and_makes_it_once(site: Site) -> None:
    dry = site.setup("schema", "--dry-run").stdout
    assert "would create catalog main" in dry
    assert site.changes() == []

    done = site.setup("schema").stdout
    assert site.changes() == statements_of("schema")
    assert len(done.splitlines()) == len(dry.splitlines())
    for table in ALL_TABLES:
        made = site.served.statements.unity_catalog.columns("main", table.schema, table.name)
        assert list(made) == table.columns.names
    usage = site.served.statements.unity_catalog.columns("main", "genie_raw", "billing_usage")
    assert usage["usage_quantity"] == "DECIMAL(38,18)"
    assert usage["usage_date"] == "DATE"
    assert usage["fetched_at"] == "TIMESTAMP"
    transactions = site.served.statements.unity_catalog.columns("main", "ledger", "transactions")
    assert transactions["amount"] == "DECIMAL(18,2)"

    assert site.setup("schema").stdout == NOTHING
    assert site.setup("schema", "--dry-run").stdout == NOTHING


def test_a_column_that_a_release_added_comes_with_the_next_run(site: Site) -> None:
    site.setup("schema")
    unity_catalog = site.served.statements.unity_catalog
    unity_catalog.forget_column("error_code", "main", "genie_raw", "fetch_attempts")
    told = site.setup("schema").stdout
    assert told == "done: add columns to main.genie_raw.fetch_attempts: error_code\n"
    assert unity_catalog.columns("main", "genie_raw", "fetch_attempts")["error_code"] == "STRING"
    assert site.setup("schema").stdout == NOTHING


def test_a_prefix_and_a_catalog_of_ones_own(site: Site) -> None:
    words = ("--catalog", "observability", "--schema-prefix", "ada_")
    site.setup("schema", *words)
    made = site.served.statements.unity_catalog.columns
    assert made("observability", "ada_genie_raw", "messages")
    assert made("observability", "ada_ledger", "transactions")
    assert "`main`" not in "".join(site.changes())
    assert site.setup("schema", *words).stdout == NOTHING


@pytest.mark.parametrize(
    "words",
    [
        ("--catalog", "system"),
        ("--catalog", "a`; DROP CATALOG main"),
        ("--schema-prefix", "Ada-"),
    ],
)
def test_names_that_are_none_are_refused_before_any_sql(site: Site, words: tuple[str, ...]) -> None:
    told = site.setup("schema", *words, expect=1).stderr
    assert words[0] in told
    assert site.served.statements.received == []


def test_a_catalog_that_we_may_not_create_ends_the_command_in_one_line(site: Site) -> None:
    site.served.statements.unity_catalog.closed = frozenset({"main"})
    (line,) = site.setup("schema", expect=1).stderr.splitlines()
    assert "create catalog main" in line
    assert "have a metastore admin create it" in line


def test_grants_are_those_of_the_file_and_given_once(site: Site) -> None:
    site.setup("schema")
    words = ("grants", "--reader", "readers", "--space", site.space_id)
    before = len(site.changes())
    assert (
        "would grant SELECT on table system.access.audit" in site.setup(*words, "--dry-run").stdout
    )
    assert len(site.changes()) == before

    site.setup(*words)
    wanted = [one.replace("application-id", site.application_id) for one in statements_of("grants")]
    assert site.changes()[before:] == wanted
    assert "SELECT" in site.privileges(site.application_id, "system", "query", "history")
    assert "MODIFY" in site.privileges(site.application_id, "main", "genie_silver")
    assert site.privileges("readers", "main", "genie_analytics") == {
        *("USE CATALOG", "USE SCHEMA", "SELECT")
    }
    assert site.privileges("readers", "main", "genie_silver") == {"USE CATALOG"}
    assert site.setup(*words).stdout == NOTHING
    told = site.setup(*words, "--reader", "others").stdout
    assert len(told.splitlines()) == 3


def test_can_manage_on_a_space_shows_the_jobs_what_others_asked(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(observer_can_manage=False)
    site.setup("schema")
    site.project.load(site.history, site.served.urls)
    site.project.build_work_lists()
    site.project.sign_in(site.history)

    seen = "select count(*) from genie_raw.spaces where space_id = ? and payload like ?"

    def configurations() -> int:
        site.project.ingest("spaces", expect=None)
        return int(site.project.value(seen, [site.space_id, "%serialized_space%"]))

    assert configurations() == 0
    site.project.extra["DATABRICKS_CLIENT_ID"] = site.history.asker.name
    site.setup("grants", "--space", site.space_id)
    site.project.extra["DATABRICKS_CLIENT_ID"] = site.application_id
    assert configurations() == 1


def test_a_grant_that_we_may_not_give_is_told_and_the_others_are_given(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(unmanaged=lambda history: frozenset({history.spaces[0].space_id}))
    site.setup("schema")
    site.served.statements.unity_catalog.closed = frozenset({"system"})
    told = site.setup("grants", "--space", site.history.spaces[0].space_id, expect=2)
    warnings = told.stderr.splitlines()
    assert len(warnings) == 10
    assert all(line.startswith("warning: ") for line in warnings)
    assert "you need CAN MANAGE on it yourself" in warnings[0]
    asked = [line for line in warnings if "system.access.audit" in line]
    assert "run: GRANT SELECT ON TABLE `system`.`access`.`audit` TO" in asked[0]
    assert "MODIFY" in site.privileges(site.application_id, "main", "genie_silver")


def test_secrets_are_put_once_and_never_shown(site: Site) -> None:
    dry = site.setup("secrets", "--dry-run").stdout
    assert dry.splitlines()[0] == "would create secret scope genie-obs"
    admin = site.served._live.admin
    assert admin.scopes == {}

    site.setup("secrets", "-vv", "--log-format", "json")
    assert admin.scopes == {
        "genie-obs": {"sp_client_id": site.application_id, "sp_client_secret": SECRET}
    }
    assert admin.acls == {("genie-obs", site.application_id): "READ"}
    assert site.setup("secrets").stdout == NOTHING

    site.project.extra["DATABRICKS_SP_CLIENT_SECRET"] = "rotated"
    assert site.setup("secrets").stdout == (
        "done: put key sp_client_secret into secret scope genie-obs\n"
    )
    assert admin.scopes["genie-obs"]["sp_client_secret"] == "rotated"


def test_ingestion_signs_in_with_the_scope_that_secrets_made(site: Site) -> None:
    site.project.extra["DATABRICKS_SP_CLIENT_SECRET"] = CLIENT_SECRET
    site.setup("secrets")
    site.project.load(site.history, site.served.urls)
    site.project.build_work_lists()
    site.project.ingest("spaces", "--secrets-scope", "genie-obs")
    assert site.project.value("select count(*) from genie_raw.spaces") > 0


def test_a_scope_that_is_closed_is_told_in_one_line(make_site: Callable[..., Site]) -> None:
    site = make_site(secret_scopes={"genie-obs": {}}, closed_scopes=frozenset({"genie-obs"}))
    (line,) = site.setup("secrets", expect=1).stderr.splitlines()
    assert "you need WRITE on the scope" in line


def test_without_the_credentials_it_says_which_variables_to_set(site: Site) -> None:
    del site.project.extra["DATABRICKS_SP_CLIENT_SECRET"]
    told = site.setup("secrets", expect=1).stderr
    assert "DATABRICKS_SP_CLIENT_SECRET" in told


def test_cleanup_drops_what_is_typed_and_no_more(site: Site) -> None:
    site.setup("schema")
    before = len(site.changes())
    dry = site.setup("cleanup", "--dry-run").stdout
    tables = sum(table.schema == "genie_raw" for table in ALL_TABLES)
    assert f"would drop schema main.genie_raw with {tables} tables and views" in dry

    site.setup("cleanup", answer="yes\ny\n\n\n\n\nledgers\ngenie_rw\n")
    assert len(site.changes()) == before
    site.setup("cleanup", expect=1)  # nobody answers
    assert len(site.changes()) == before

    told = site.setup("cleanup", answer="genie_analytics" + 8 * "\n").stdout
    assert "main.genie_raw stays" in told
    assert site.changes()[before:] == ["DROP SCHEMA IF EXISTS `main`.`genie_analytics` CASCADE"]
    assert site.served.statements.unity_catalog.columns("main", "genie_raw", "messages")


def test_cleanup_with_confirm_asks_nothing(site: Site) -> None:
    site.setup("schema")
    before = len(site.changes())
    site.setup("cleanup", "--confirm", "genie_raw")
    assert site.changes()[before:] == ["DROP SCHEMA IF EXISTS `main`.`genie_raw` CASCADE"]
    site.setup("cleanup", *(word for name in SCHEMAS for word in ("--confirm", name)))
    dropped = site.changes()[before:]
    assert sorted(dropped) == sorted(statements_of("cleanup"))
    assert site.setup("cleanup").stdout == NOTHING
    assert "not a schema of ours" in site.setup("cleanup", "--confirm", "sales", expect=1).stderr


def test_no_credential_goes_to_a_host_that_is_not_allowed(site: Site) -> None:
    site.project.extra["DATABRICKS_HOST"] = "https://workspace.example.com"
    told = site.setup("schema", expect=1).stderr
    assert "workspace.example.com is not a Databricks domain" in told


def test_a_wrong_warehouse_and_wrong_credentials_are_told_in_one_line(site: Site) -> None:
    (line,) = site.setup("schema", "--warehouse-id", "0" * 16, expect=1).stderr.splitlines()
    assert "give --warehouse-id" in line
    site.project.extra["DATABRICKS_CLIENT_SECRET"] = "wrong"
    (line,) = site.setup("schema", expect=1).stderr.splitlines()
    assert "not signed in" in line
    del site.project.extra["DATABRICKS_WAREHOUSE_ID"]
    assert "--warehouse-id" in site.setup("schema", expect=64).stderr


@pytest.mark.parametrize("name", ["schema", "grants", "cleanup"])
def test_the_sql_files_are_what_show_sql_prints(name: str, project: Project) -> None:
    printed = project.run(
        *(sys.executable, "-m", "provision", "show-sql", name, "--reader", "readers")
    ).stdout
    assert (ROOT / "ops" / "databricks" / "setup" / f"{name}.sql").read_text() == printed
    assert all(sqlglot.parse_one(one, read="databricks") for one in statements_of(name))
    assert all(re.match(r"(CREATE|GRANT|DROP) ", one) for one in statements_of(name))
