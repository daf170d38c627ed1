"""Reads an output of dbt's profiles.yml, so that Python and dbt cannot mean different databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import yaml

from warehouse.base import UnknownTargetError

PROJECT = "genie_observability"


@dataclass(frozen=True, slots=True)
class Profile:
    """One output of the profile.

    Attributes:
        target: Name of the output.
        engine: Adapter type: duckdb, postgres or databricks.
        settings: The output's keys, rendered.
    """

    target: str
    engine: str
    settings: Mapping[str, Any]


def read_profile(folder: Path, target: str, environ: Mapping[str, str]) -> Profile:
    """Read one output of `<folder>/profiles.yml`, rendering `env_var` as dbt does.

    Raises:
        UnknownTargetError: no such file, output or environment variable.
    """
    path = folder / "profiles.yml"
    try:
        outputs = yaml.safe_load(path.read_text(encoding="utf-8"))[PROJECT]["outputs"]
    except KeyError:
        raise UnknownTargetError(f"no profile {PROJECT} with outputs in {path}") from None
    except FileNotFoundError:
        raise UnknownTargetError(
            f"no {path}: run from the project's folder or set DBT_PROFILES_DIR"
        ) from None
    if target not in outputs:
        names = ", ".join(outputs)
        raise UnknownTargetError(f"no target '{target}' in {path}: it has {names}")
    settings = {key: _render(value, environ, path) for key, value in outputs[target].items()}
    return Profile(target=target, engine=str(settings["type"]), settings=settings)


def _render(value: Any, environ: Mapping[str, str], path: Path) -> Any:
    """Render one setting; only strings hold Jinja."""
    if not isinstance(value, str) or "{{" not in value:
        return value

    def env_var(name: str, default: str | None = None) -> str:
        found = environ.get(name, default)
        if found is None:
            raise UnknownTargetError(f"{path} needs the environment variable {name}")
        return found

    environment = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    environment.filters["as_number"] = int
    environment.filters["as_bool"] = lambda text: text.lower() == "true"
    return environment.from_string(value).render(env_var=env_var)
