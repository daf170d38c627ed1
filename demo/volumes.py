"""The Files API of a workspace: folders and files of volumes, kept in a folder of this machine.

Paths, statuses and bodies: Databricks REST API reference, Files.
"""

import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from demo.errors import ApiError
from demo.listener import Reply, json_reply

PREFIX = "/api/2.0/fs/"
_FILES, _DIRECTORIES = f"{PREFIX}files", f"{PREFIX}directories"
_DONE = Reply(HTTPStatus.NO_CONTENT, b"")
_VOLUME_PARTS = 4  # Volumes, catalog, schema, volume


class Volumes:
    """Volumes that exist are folders `Volumes/<catalog>/<schema>/<volume>` in `folder`.

    Attributes:
        closed: Nobody may do anything.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files in a folder."""
        self._folder = folder
        self.closed = False

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Answer a call.

        Raises:
            ApiError: 403 if the volumes are closed, 404 if volume, folder or file is not there.
        """
        path = unquote(path)
        is_file = path.startswith(f"{_FILES}/")
        name = path.removeprefix(_FILES if is_file else _DIRECTORIES)
        place = self._place(name)
        match method, is_file:
            case "PUT", False:
                place.mkdir(parents=True, exist_ok=True)
            case "PUT", True:
                _write(place, body, name)
            case "DELETE", True:
                _existing(place, name).unlink()
            case "GET", False:
                entries = sorted(_existing(place, name).glob("[!.]*"))
                return json_reply(
                    HTTPStatus.OK, {"contents": [_entry(name, entry) for entry in entries]}
                )
            case _:
                raise ApiError(
                    HTTPStatus.NOT_FOUND, "ENDPOINT_NOT_FOUND", f"No API found for {method} {path}"
                )
        return _DONE

    def _place(self, name: str) -> Path:
        parts = Path(name).parts[1:]
        volume = self._folder.joinpath(*parts[:_VOLUME_PARTS])
        if self.closed:
            raise ApiError(
                HTTPStatus.FORBIDDEN,
                "PERMISSION_DENIED",
                f"User does not have WRITE VOLUME on Volume '{'.'.join(parts[1:_VOLUME_PARTS])}'.",
            )
        if parts[0] != "Volumes" or ".." in parts or not volume.is_dir():
            raise _not_found(f"Volume '{'.'.join(parts[1:_VOLUME_PARTS])}' does not exist.")
        return self._folder.joinpath(*parts)


def _write(place: Path, body: bytes, name: str) -> None:
    if not place.parent.is_dir():
        raise _not_found(f"The directory of {name} does not exist.")
    unfinished = place.with_name(f".{place.name}.{time.monotonic_ns()}")
    unfinished.write_bytes(body)
    unfinished.replace(place)  # whole or not at all


def _existing(place: Path, name: str) -> Path:
    if not place.exists():
        raise _not_found(f"{name} does not exist.")
    return place


def _entry(folder: str, entry: Path) -> dict[str, object]:
    found = entry.stat()
    return {
        "path": f"{folder.rstrip('/')}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(),
        "file_size": found.st_size,
        "last_modified": int(found.st_mtime * 1000),
    }


def _not_found(message: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, "NOT_FOUND", message)
