"""Secret scopes and permissions of a workspace, which administrators change while it is served."""

import threading
from collections.abc import Mapping

from demo.rules import Rules


class Admin:
    """What administrators have set up; safe for threads.

    Attributes:
        scopes: Secrets by scope and key.
        acls: READ, WRITE or MANAGE by scope and principal.
        levels: By kind and id of an object, the level of each service principal.
    """

    def __init__(self, rules: Rules) -> None:
        """Start with the scopes of the rules."""
        self.scopes = {name: dict(secrets) for name, secrets in rules.secret_scopes.items()}
        self.acls: dict[tuple[str, str], str] = {}
        self.levels: dict[tuple[str, str], dict[str, str]] = {}
        self._lock = threading.Lock()

    def create_scope(self, name: str) -> bool:
        """Create a scope; return False if it is there already."""
        with self._lock:
            if name in self.scopes:
                return False
            self.scopes[name] = {}
            return True

    def permit(self, kind: str, object_id: str, levels: Mapping[str, str]) -> None:
        """Add levels of service principals on an object."""
        with self._lock:
            self.levels.setdefault((kind, object_id), {}).update(levels)

    def manages(self, principal: str, space_id: str) -> bool:
        """Tell whether a service principal was given CAN MANAGE on a space."""
        return self.levels.get(("genie", space_id), {}).get(principal) == "CAN_MANAGE"
