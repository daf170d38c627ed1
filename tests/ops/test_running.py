"""What runs it: cron, systemd, containers and workflows; each line as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT
from monitoring import OPS, program, run
from small_ledger import Ledger
from watched import Metrics

from warehouse.ledger import LEDGER_TABLES

CRON = OPS / "cron"
CRONTAB = CRON / "genie-observability.crontab"
SCRIPTS = [CRON / "run", CRON / "mail-report", OPS / "container-entrypoint"]
SERVICES = sorted(CRON.glob("*.service"))
TIMERS = sorted(CRON.glob("*.timer"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def tool(name: str) -> str:
    """Return a program of the environment that runs the tests."""
    return str(Path(sys.executable).with_name(name))


def test_scripts_can_be_run_and_shellcheck_finds_nothing() -> None:
    run(tool("shellcheck"), *map(str, SCRIPTS))
    for script in SCRIPTS:
        assert script.stat().st_mode & 0o111 == 0o111, script


def test_systemd_takes_the_units() -> None:
    told = run(program("systemd-analyze"), "verify", *map(str, [*SERVICES, *TIMERS]))
    assert told == ""
    assert [path.stem for path in SERVICES] == [path.stem for path in TIMERS]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the project's is after `make setup`, with a ledger and a small dbt project."""
    folder = tmp_path_factory.mktemp("home")
    project = Ledger(folder, folder / "target")
    project.write()
    for path in (project.dbt_folder / "dbt_project.yml", project.dbt_folder / "models"):
        shutil.move(path, folder)
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("profiles", "ops"):
        (folder / name).symlink_to(ROOT / name)
    project.warehouse.create_tables(LEDGER_TABLES)
    for table in LEDGER_TABLES:
        project.add_row(table.name, timedelta(hours=1))
    (folder / "var").mkdir()
    shutil.move(project.database, folder / "var/genie.duckdb")
    (folder / "sendmail").write_text('#!/bin/sh\necho "$@" >mail\ncat >>mail\n')
    (folder / "sendmail").chmod(0o755)
    (folder / "settings").write_text(f"SENDMAIL={folder}/sendmail\nDBT_LOG_PATH={folder}/logs\n")
    return folder


def in_empty_environment(
    home: Path, command: list[str], settings: dict[str, str], **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**settings, "GENIE_SETTINGS": str(home / "settings")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def crontab() -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Return the settings and the lines of the crontab: when, as whom, what."""
    lines = [line for line in CRONTAB.read_text().splitlines() if line and line[0] != "#"]
    settings = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
    entries = [re.fullmatch(r"((?:\S+ ){5})(\w+) (.+)", line) for line in lines[len(settings) :]]
    return settings, [(entry[1].strip(), entry[2], entry[3]) for entry in entries if entry]


@pytest.mark.slow
def test_lines_of_the_crontab_run_in_an_empty_environment(home: Path, tmp_path: Path) -> None:
    settings, entries = crontab()
    assert [(when, user) for when, user, _ in entries] == [
        ("*/15 * * * *", "genie"),
        ("0 7 * * *", "genie"),
    ]
    # the paths of its head, as an admin sets them; the lines stay as they are
    settings |= {
        "GENIE_HOME": str(home),
        "GENIE_TEXTFILE": str(tmp_path / "dbt.prom"),
        "GENIE_LOGS": str(tmp_path),
    }
    for _, _, line in entries:
        assert "%" not in line  # cron's own newline
        done = in_empty_environment(home, [settings["SHELL"], "-c", line], settings, cwd="/")
        logs = "".join(path.read_text() for path in tmp_path.glob("*.log"))
        assert done.returncode == 0, done.stderr + logs
        assert done.stdout + done.stderr == ""
    assert Metrics((tmp_path / "dbt.prom").read_text()).states()["transactions"] == "pass"
    mail = (home / "mail").read_text()
    head, body = mail.split("\n\n", 1)
    assert head.startswith(
        "-t\nTo: data-team@example.com\nSubject: none of 5 sources not fresh, 20"
    )
    assert "pass           ledger.transactions" in body


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_commands_of_the_timers_run_in_an_empty_environment(
    home: Path, service: Path, tmp_path: Path
) -> None:
    unit = re.findall(r"^(\w+)=(.*)$", service.read_text(), re.MULTILINE)
    settings = dict(value.split("=", 1) for key, value in unit if key == "Environment")
    (command,) = (value for key, value in unit if key == "ExecStart")
    if "GENIE_TEXTFILE" in settings:
        settings["GENIE_TEXTFILE"] = str(tmp_path / "dbt.prom")
    argv = [re.sub(r"\$\{(\w+)\}", lambda m: settings[m[1]], part) for part in shlex.split(command)]
    done = in_empty_environment(home, argv, settings, cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    if "GENIE_TEXTFILE" in settings:
        assert "dbt_source_expected" in (tmp_path / "dbt.prom").read_text()
    else:
        assert "Subject: none of 5 sources" in (home / "mail").read_text()


def test_runs_of_one_name_do_not_overlap(home: Path) -> None:
    call = [str(home / "ops/cron/run"), "long"]
    settings = {"PATH": "/usr/bin:/bin", "GENIE_SETTINGS": str(home / "settings")}
    with subprocess.Popen(
        [*call, "sh", "-c", "echo begun; read end"],
        env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        assert first.stdout is not None
        assert first.stdout.readline() == "begun\n"
        second = in_empty_environment(home, [*call, "true"], settings)
        assert second.returncode == 75
        assert second.stderr.endswith("Z long: another run has not ended\n")
        other = in_empty_environment(home, [call[0], "other", "true"], settings)
        assert other.returncode == 0
        first.communicate("end\n")
    assert in_empty_environment(home, [*call, "sh", "-c", "exit 3"], settings).returncode == 3


def test_a_report_that_fails_is_mailed_and_fails(home: Path) -> None:
    settings = {"PATH": "/usr/bin:/bin", "GENIE_TARGET": "nonesuch"}
    call = [str(home / "ops/cron/run"), "report", "ops/cron/mail-report", "me@example.com"]
    failed = in_empty_environment(home, call, settings)
    assert failed.returncode == 1
    mail = (home / "mail").read_text()
    assert "To: me@example.com\nSubject: genie-exporter report failed\n" in mail
    assert "error: dbt source freshness failed" in mail


def test_logs_are_rotated(tmp_path: Path) -> None:
    settings, entries = crontab()
    config = (CRON / "genie-observability.logrotate").read_text()
    assert f"{settings['GENIE_LOGS']}/*.log {{" in config
    assert all('>>"$GENIE_LOGS/' in line for _, _, line in entries)
    logrotate = program("logrotate")
    changed = config.replace(settings["GENIE_LOGS"], str(tmp_path)).replace(" genie genie", "")
    (tmp_path / "export.log").write_text("line\n")
    (tmp_path / "config").write_text(changed)
    (tmp_path / "config").chmod(0o644)
    run(logrotate, "--force", "--state", str(tmp_path / "state"), str(tmp_path / "config"))
    assert (tmp_path / "export.log").read_text() == ""
    assert (tmp_path / "export.log.1").read_text() == "line\n"


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((OPS / "compose.yml").read_text())
    return document


def test_linters_find_nothing_in_dockerfile_compose_file_and_workflows() -> None:
    run(tool("hadolint"), str(ROOT / "Dockerfile"))
    check = tool("check-jsonschema")
    run(check, "--builtin-schema", "vendor.compose-spec", str(OPS / "compose.yml"))
    run(check, "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    run(check, "--builtin-schema", "custom.github-workflows-require-timeout", *map(str, WORKFLOWS))


def test_services_are_pinned_and_guarded() -> None:
    services = compose()["services"]
    assert services.keys() >= {"postgres", "exporter", "prometheus", "alertmanager", "pushgateway"}
    assert "grafana" in services
    for name, service in services.items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), name
        assert service["user"].split(":")[0] not in ("", "0", "root"), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name
    (image,) = re.findall(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert re.search(r":\d+\.\d+\.\d+-", image)
    assert re.search(r"^USER 10001", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_there_are_no_passwords_but_files_outside_the_repository() -> None:
    document = compose()
    for service in document["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN", name):
                assert name.endswith("_FILE"), name
                secret = value.removeprefix("/run/secrets/")
                assert secret in service["secrets"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for entry in document["secrets"].values():
        assert f"ops/{Path(entry['file']).parent}/" in ignored
    alertmanager = (OPS / "alertmanager/alertmanager.yml").read_text()
    used = set(re.findall(r"/run/secrets/(\w+)", alertmanager))
    assert used == set(document["services"]["alertmanager"]["secrets"])


def test_files_that_services_mount_and_the_image_copies_are_there() -> None:
    for service in compose()["services"].values():
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                assert (OPS / volume.split(":")[0]).exists(), volume
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
            assert {f"!{name}", f"!{name.split('/')[0]}"} & set(ignored), name


def test_addresses_between_services_are_theirs() -> None:
    services = compose()["services"]
    ports = {
        f"{name}:{port.rsplit(':', 1)[1]}"
        for name, service in services.items()
        for port in service.get("ports", ())
    }
    config = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text())
    groups = [*config["scrape_configs"], *config["alerting"]["alertmanagers"]]
    targets = {t for group in groups for each in group["static_configs"] for t in each["targets"]}
    # node_exporter is the machine's own
    assert targets - {"node:9100"} <= ports
    assert services["prometheus"]["extra_hosts"] == ["node:host-gateway"]


@pytest.mark.parametrize("name", ["GENIE_PG_PASSWORD", "GENIE_PUSHGATEWAY_PASSWORD"])
def test_the_entrypoint_reads_credentials_from_files(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    settings = {"PATH": "/usr/bin:/bin", f"{name}_FILE": str(tmp_path / "secret")}
    call = [str(OPS / "container-entrypoint"), "sh", "-c", f'echo "$GENIE_TARGET[${name}]"']
    done = subprocess.run(call, env=settings, capture_output=True, text=True, check=True)
    assert done.stdout == "[correct horse]\n"


def test_provisioning_finds_dashboards_and_data_source() -> None:
    folder = OPS / "grafana/provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards/genie-observability.yml").read_text())[
        "providers"
    ]
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    services = yaml.safe_load((OPS / "compose.yml").read_text())["services"]
    mounts = dict(text.split(":")[:2] for text in services["grafana"]["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./grafana/provisioning"] == "/etc/grafana/provisioning"
    host, port = source["url"].removeprefix("http://").split(":")
    assert any(entry.endswith(f":{port}") for entry in services[host]["ports"])
    assert source["type"] == "prometheus"
