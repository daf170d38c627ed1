"""Environment variables given on the command line, where a job has no environment of its own."""

from __future__ import annotations

from collections.abc import Iterable

_OURS = ("DATABRICKS_", "DBT_", "GENIE_")
_SECRET = ("SECRET", "TOKEN", "PASSWORD", "KEY")


def parse_settings(settings: Iterable[str]) -> dict[str, str]:
    """Return NAME=VALUE texts as a mapping.

    Raises:
        ValueError: one has another form, is not of ours, or is a secret, which would stand in the
            definition of the job; the text does not hold its value.
    """
    found = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.startswith(_OURS):
            raise ValueError(f"{name}: give NAME=VALUE of a variable of ours")
        if any(word in name for word in _SECRET):
            raise ValueError(f"{name} is a secret: use --secrets-scope, or the environment")
        found[name] = value
    return found
