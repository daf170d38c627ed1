"""The bundle: typed as Databricks has it, and every command in it runs."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
import tomllib
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from bundle import BUNDLE, REFERENCE, RESOURCES, VALUES, Bundle
from databricks.sdk.service import iam
from databricks.sdk.service.jobs import JobSettings
from harness import ROOT, Project

from demo.history import HistoryOptions, build_history
from demo.server import SimulatedWorkspaces

Json = dict[str, Any]

END = datetime(2026, 11, 20, 15, tzinfo=UTC)

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPLOYED = Bundle()
JOBS = DEPLOYED.jobs
WHEEL_TASKS = DEPLOYED.wheel_tasks
DBT_COMMANDS = DEPLOYED.dbt_commands
tasks = DEPLOYED.tasks


@pytest.mark.parametrize("key", JOBS)
def test_a_job_has_no_key_that_databricks_does_not_know(key: str) -> None:
    _, job = JOBS[key]
    assert JobSettings.from_dict(job).as_dict() == job


def test_the_check_of_keys_finds_a_wrong_one() -> None:
    _, job = JOBS["genie_messages"]
    wrong = json.loads(json.dumps(job))
    wrong["tasks"][0]["dbt_task"]["profile_directory"] = "x"
    assert JobSettings.from_dict(wrong).as_dict() != wrong


@pytest.mark.parametrize("key", JOBS)
def test_jobs_are_serverless_and_tasks_lead_to_each_other(key: str) -> None:
    _, job = JOBS[key]
    assert "job_clusters" not in job
    environments = {one["environment_key"] for one in job["environments"]}
    before: set[str] = set()
    for task in job["tasks"]:
        assert task["environment_key"] in environments
        assert not {"new_cluster", "existing_cluster_id", "job_cluster_key", "libraries"} & set(
            task
        )
        assert {one["task_key"] for one in task.get("depends_on", [])} <= before
        before.add(task["task_key"])
    assert re.fullmatch(r"0 \S+ \S+ \* \* \?", job["schedule"]["quartz_cron_expression"])
    assert job["max_concurrent_runs"] == 1


def test_the_top_of_the_bundle_has_known_keys_only() -> None:
    assert set(BUNDLE) == {"bundle", "include", "sync", "artifacts", "variables", "targets"}
    known = {"default", "mode", "variables", "workspace", "run_as", "permissions"}
    for target in BUNDLE["targets"].values():
        assert set(target) <= known
        assert set(target.get("variables", {})) <= set(BUNDLE["variables"])
        for permission in target.get("permissions", []):
            iam.PermissionLevel(permission["level"])
    assert [name for name, one in BUNDLE["targets"].items() if one.get("default")] == ["dev"]
    assert BUNDLE["targets"]["prod"]["run_as"] == {
        "service_principal_name": "${var.service_principal}"
    }
    assert all(
        set(one) <= {"description", "default", "type"} for one in BUNDLE["variables"].values()
    )


def test_every_variable_is_declared_and_used() -> None:
    texts = [path.read_text() for path in (ROOT / "databricks.yml", *RESOURCES)]
    used = {match for text in texts for match in REFERENCE.findall(text)}
    assert used <= set(VALUES)
    assert {name[4:] for name in used if name.startswith("var.")} == set(BUNDLE["variables"])
    included = {path for pattern in BUNDLE["include"] for path in ROOT.glob(pattern)}
    assert included == set(RESOURCES)


def test_what_the_jobs_install_is_the_wheel_and_its_extra() -> None:
    extra = PYPROJECT["project"]["optional-dependencies"]["databricks"]
    for path, job in JOBS.values():
        for one in job["environments"]:
            wheel, *others = one["spec"]["dependencies"]
            assert others == extra
            assert (path.parent / wheel).resolve().parent == ROOT / "dist"
    assert BUNDLE["artifacts"]["wheel"]["build"].endswith("--wheel-dir dist .")


def test_the_artifact_is_a_wheel_with_the_program_that_tasks_name(
    project: Project, tmp_path: Path
) -> None:
    # a copy: a build leaves a folder behind
    source = tmp_path / "source"
    project.run("git", "clone", "--quiet", str(ROOT), str(source))
    build = BUNDLE["artifacts"]["wheel"]["build"].replace("python3", sys.executable)
    project.run("bash", "-c", f"cd {source} && {build}")
    (wheel,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        scripts = opened.read(entry_points).decode()
    assert {"ingest/cli.py", "exporters/cli.py", "warehouse/landing.py"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "models/"))]
    for task in WHEEL_TASKS.values():
        assert f"{task['entry_point']} = " in scripts
        assert wheel.name.startswith(f"{task['package_name']}-")


@pytest.mark.parametrize("name", WHEEL_TASKS)
def test_every_wheel_task_is_a_command_with_these_options(name: str, project: Project) -> None:
    task = WHEEL_TASKS[name]
    script = PYPROJECT["project"]["scripts"][task["entry_point"]]
    module = script.removesuffix(":main")
    command = parsed(importlib.import_module(module).cli, task["parameters"])
    package = module.removesuffix(".cli")
    shown = project.run(sys.executable, "-m", package, command, "--help").stdout
    for option in options_after(task["parameters"], command):
        assert option in shown


def parsed(cli: click.Group, parameters: list[str]) -> str:
    """Parse parameters as the program does, and return its command; raise on what it refuses."""
    at = next(index for index, word in enumerate(parameters) if not word.startswith("--"))
    name = parameters[at]
    command = cli.commands[name]
    command.make_context(name, parameters[at + 1 :])
    assert all(word.startswith("--set=") for word in parameters[:at])
    return name


def options_after(parameters: list[str], command: str) -> list[str]:
    following = parameters[parameters.index(command) + 1 :]
    return [word.partition("=")[0] for word in following]


def test_a_wheel_task_runs_as_the_job_gives_it(
    project: Project, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    """The parameters themselves, but for the engine, which needs an account."""
    history = build_history(HistoryOptions(end=END, messages=60))
    project.load(history, serve(history).urls)
    project.build_work_lists()
    words = WHEEL_TASKS["genie_messages.messages"]["parameters"]
    swapped = {
        "--target=databricks": "--target=duckdb",
        "--set=GENIE_SCHEMA_PREFIX=ada_": "--set=GENIE_SCHEMA_PREFIX=",
        "--secrets-scope=genie-obs": "--dry-run",
    }
    assert set(swapped) <= set(words)
    finished = project.ingest(*(swapped.get(word, word) for word in words))
    assert "would fetch" in json.loads(finished.stdout.splitlines()[0])["message"]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("DATABRICKS_CLIENT_SECRET=abc", "use --secrets-scope"),
        ("GENIE_PII_KEY=abc", "is a secret"),
        ("PATH=/bin", "a variable of ours"),
        ("GENIE_TARGET", "NAME=VALUE"),
    ],
)
def test_set_takes_no_secrets_and_nothing_of_others(
    project: Project, setting: str, told: str
) -> None:
    finished = project.ingest("--set", setting, "status", expect=64)
    assert told in finished.stderr
    assert "abc" not in finished.stderr


def test_success_ends_without_an_exit_since_a_job_takes_any_for_a_failure(
    project: Project,
) -> None:
    program = "from ingest.cli import main; main(); print('returned')"
    assert "returned" in project.run(sys.executable, "-c", program, "init").stdout
    assert "returned" not in project.run(sys.executable, "-c", program, "x", expect=64).stdout


@pytest.fixture(scope="module")
def dbt_of_a_job(make_project: Callable[[], Project]) -> Project:
    """dbt with the profile of the jobs, and the variables that Databricks gives a task."""
    project = make_project()
    (task,) = {
        (task["project_directory"], task["profiles_directory"]) for _, _, task in tasks("dbt_task")
    }
    _, path, _ = next(tasks("dbt_task"))
    folder = (path.parent / task[0]).resolve()
    project.parsed = project.folder / "target"
    project.extra |= {
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder / task[1]),
        "DBT_HOST": "workspace.invalid",
        "DBT_ACCESS_TOKEN": "none",
    }
    return project


def listed(project: Project, command: str, *more: str) -> set[str]:
    """List what a command of a job would run, with its own selection and variables."""
    program, verb, *words = shlex.split(command)
    assert program == "dbt"
    if verb == "source":
        assert words.pop(0) == "freshness"
        words += ["--resource-type", "source"]
    if verb == "test":
        words += ["--resource-type", "test"]
    shown = project.dbt("--quiet", "ls", *words, "--output", "name", *more).stdout
    return set(shown.split())


@pytest.mark.slow
def test_every_dbt_command_selects_something(dbt_of_a_job: Project) -> None:
    # those of the same variables together, since others make dbt parse anew
    commands = sorted(DBT_COMMANDS.items(), key=lambda item: shlex.split(item[1])[-1])
    selected = {name: listed(dbt_of_a_job, one) for name, one in commands}
    assert all(selected.values())
    work_list = selected["genie_messages.work_list.0"]
    assert {
        "genie_messages_to_fetch",
        "genie_comments_to_fetch",
        "genie_audit_actions",
    } <= work_list
    assert "message_details" not in work_list
    marts = selected["genie_messages.marts.0"]
    models = {path.stem for kind in ("*.sql", "*.py") for path in (ROOT / "models").rglob(kind)}
    gold = {path.stem for path in (ROOT / "models" / "genie" / "gold").glob("*.*")}
    assert gold & models <= marts
    training = selected["ml_training_data.marts.0"]
    ours = {path.stem for path in (ROOT / "models" / "ml").rglob("*.*")} & models
    assert models <= marts | work_list | training
    assert ours <= training
    assert not ours & (marts | work_list)
    assert not any(name.startswith("test_") for name in marts | work_list)  # unit tests
    tests = selected["genie_messages.marts.1"]
    assert any("bronze_system__audit_events" in name for name in tests)
    assert "audit" in {name.rpartition(".")[2] for name in selected["genie_freshness.freshness.0"]}


@pytest.mark.slow
def test_the_profile_of_the_jobs_is_what_the_variables_say(dbt_of_a_job: Project) -> None:
    found = dbt_of_a_job.dbt(
        *("--quiet", "ls", "--resource-type", "model", "--select", "genie_conversations"),
        *("--vars", shlex.split(DBT_COMMANDS["genie_messages.work_list.0"])[-1]),
        *("--output", "json", "--output-keys", "database schema name"),
    ).stdout
    assert json.loads(found) == {
        "database": "observability",
        "schema": "ada_genie_analytics",
        "name": "genie_conversations",
    }


def test_the_prefix_holds_for_dbt_and_ingestion(
    project: Project, serve: Callable[..., SimulatedWorkspaces]
) -> None:
    history = build_history(HistoryOptions(end=END, messages=60, deleted_share=0, in_flight=0))
    project.extra["GENIE_SCHEMA_PREFIX"] = "ada_"
    project.load(history, serve(history).urls)
    project.sign_in(history)
    project.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
        *("--select", "+genie_messages_to_fetch", "+genie_spaces_to_fetch"),
        *("--vars", '{"schema_prefix": "ada_"}'),
    )
    project.ingest("messages", "--limit", "5", expect=None)
    project.ingest("status", expect=None)
    assert project.value("select count(*) from ada_genie_raw.messages") > 0
    schemas = "select distinct schema_name from information_schema.schemata where schema_name ~ ?"
    assert project.query(schemas, ["^(genie_|ledger|ml_).*"]) == []
    project.extra["GENIE_SCHEMA_PREFIX"] = "Ada-"
    assert "a-z, 0-9 and _ only" in project.ingest("status", expect=1).stderr
