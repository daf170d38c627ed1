"""Puts a dashboard into Grafana: `python ops/grafana/import_dashboard.py FILE [--overwrite]`.

Reads GRAFANA_URL, GRAFANA_API_KEY (a service account's token) and, if set, GRAFANA_FOLDER_UID.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import requests

_SECONDS = 30
_MEANING = {
    400: "Grafana does not take the dashboard",
    401: "GRAFANA_API_KEY is wrong or expired: make a token of a service account",
    403: "the service account may not write dashboards here: give it the role Editor",
    404: "no Grafana there, or no such folder: check GRAFANA_URL and GRAFANA_FOLDER_UID",
    412: "the dashboard was changed in Grafana since: compare, then run again with OVERWRITE=1",
}


class ImportFailedError(Exception):
    """The dashboard is not in Grafana; the text says why, as one line."""


def import_dashboard(
    dashboard: Path, url: str, key: str, *, folder: str | None, overwrite: bool
) -> str:
    """Post a dashboard, and return its address.

    Args:
        dashboard: Its JSON, with a uid.
        url: Of Grafana.
        key: A token that may write dashboards.
        folder: Uid of a folder; None for the general one.
        overwrite: Whether to replace what was changed in Grafana.

    Raises:
        ImportFailedError: it could not be posted.
    """
    place = urlsplit(url)
    if place.scheme != "https" and not (place.scheme == "http" and _is_loopback(place.hostname)):
        raise ImportFailedError("GRAFANA_URL: a token is sent by https, or to this machine only")
    body = {"dashboard": json.loads(dashboard.read_text(encoding="utf-8")), "overwrite": overwrite}
    with requests.Session() as session:
        # neither a proxy for our own machine, nor a user of ~/.netrc in the token's place
        session.trust_env = not _is_loopback(place.hostname)
        session.auth = lambda request: _with_token(request, key)
        try:
            answer = session.post(
                f"{url.rstrip('/')}/api/dashboards/db",
                json=body | ({"folderUid": folder} if folder else {}),
                timeout=_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ImportFailedError(f"{url} cannot be reached: {type(error).__name__}") from None
    if answer.status_code != requests.codes.ok:
        meaning = _MEANING.get(answer.status_code, "no answer that is known")
        raise ImportFailedError(f"{answer.status_code}: {meaning} ({_said(answer)})")
    return f"{place.scheme}://{place.netloc}{answer.json()['url']}"


def _with_token(request: requests.PreparedRequest, key: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {key}"
    return request


def _said(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return "it does not say why"


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Put a dashboard into Grafana.")
    parser.add_argument("dashboard", type=Path)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args()
    settings = {name: os.environ.get(name, "") for name in ("GRAFANA_URL", "GRAFANA_API_KEY")}
    missing = [name for name, value in settings.items() if not value]
    if missing:
        print(f"error: set {' and '.join(missing)}", file=sys.stderr)
        return 64
    try:
        address = import_dashboard(
            given.dashboard,
            settings["GRAFANA_URL"],
            settings["GRAFANA_API_KEY"],
            folder=os.environ.get("GRAFANA_FOLDER_UID"),
            overwrite=given.overwrite,
        )
    except ImportFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"imported: {address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
