"""What keeps dbt from the database that a profile names, where we can tell.

dbt tells some of it badly: it makes an absent DuckDB file, empty, and waits for a locked one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_IN_MEMORY = ":memory:"


def absence(profiles: Path, target: str, environ: Mapping[str, str]) -> str | None:
    """Say so, if the target is a DuckDB file that is not there.

    Args:
        profiles: Folder of profiles.yml.
        target: Output of it.
        environ: What the profile's `env_var` reads.
    """
    path = _file(profiles, target, environ)
    return f"no database at {path}: `make build` makes one" if path and not path.exists() else None


def lock(profiles: Path, target: str, environ: Mapping[str, str]) -> str | None:
    """Say so, if another process holds the target's DuckDB file; arguments as of `absence`."""
    from warehouse import WarehouseError, WarehouseLockedError, open_warehouse, read_profile

    path = _file(profiles, target, environ)
    if path is None:
        return None
    try:
        profile = read_profile(profiles, target, environ)
        open_warehouse(profile, lock_timeout_seconds=0).read("select 1")
    except WarehouseLockedError:
        return f"another process holds {path}"
    except WarehouseError:
        return None
    return None


def _file(profiles: Path, target: str, environ: Mapping[str, str]) -> Path | None:
    """Return the target's DuckDB file; None if it has none, or the profile is of another name."""
    from warehouse import WarehouseError, read_profile  # takes long to import: dbt starts meanwhile

    try:
        profile = read_profile(profiles, target, environ)
    except WarehouseError:
        return None
    path = str(profile.settings["path"]) if profile.engine == "duckdb" else _IN_MEMORY
    return None if path == _IN_MEMORY else Path(path)
