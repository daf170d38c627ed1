"""Rights of the jobs' service principal and of readers: which are absent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from provision.changes import Change, by_sql
from provision.errors import SetupError, StatementError
from provision.names import principal
from provision.statements import Statements
from provision.texts import Grant
from warehouse.text import scrub

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_ALL = frozenset({"ALL PRIVILEGES", "ALL_PRIVILEGES"})


def plan_grants(statements: Statements, grants: Iterable[Grant]) -> Iterator[Change]:
    """Yield the grants that are absent; all on a securable whose grants we may not see.

    Raises:
        SetupError: the warehouse does not take statements.
    """
    for (securable, grantee), group in groupby(grants, lambda one: (one.securable, one.grantee)):
        held = _held(statements, securable, grantee)
        for grant in group:
            if grant.privilege not in held and not held & _ALL:
                yield by_sql(
                    statements,
                    f"grant {grant.privilege} on {grant.kind.lower()} {'.'.join(grant.names)}"
                    f" to {grant.grantee}",
                    grant.statement,
                    f"ask who owns it, or an account admin, to run: {grant.statement}",
                )


def plan_permission(
    client: WorkspaceClient, kind: str, object_id: str, level: str, application_id: str
) -> Iterator[Change]:
    """Yield what gives a service principal a level on a workspace object, if it has it not.

    Args:
        client: Of the workspace.
        kind: As the permissions API has it: `genie` for a space, `warehouses`.
        object_id: Of the object.
        level: CAN_MANAGE, CAN_USE.
        application_id: Of the service principal.
    """
    told = f"give {level.replace('_', ' ')} on {kind} {object_id} to {application_id}"
    if level not in _levels(client, kind, object_id, application_id):
        yield Change(
            told,
            partial(_permit, client, kind, object_id, level, application_id),
            "you need CAN MANAGE on it yourself",
        )


def _held(statements: Statements, securable: str, grantee: str) -> set[str]:
    """Return the privileges of a principal on a securable, those inherited among them."""
    try:
        rows = statements.run(f"SHOW GRANTS {principal(grantee)} ON {securable}")
    except StatementError:  # only some may see them; the grant itself tells what is wrong
        return set()
    return {str(row["ActionType"]).upper() for row in rows}


def _levels(client: WorkspaceClient, kind: str, object_id: str, application_id: str) -> set[str]:
    """Return the levels that a service principal has; none if we may not see them."""
    from databricks.sdk.errors.base import DatabricksError

    try:
        found = client.permissions.get(kind, object_id)
    except (DatabricksError, OSError):  # the change itself tells what is wrong
        return set()
    return {
        one.permission_level.value
        for control in found.access_control_list or []
        if control.service_principal_name == application_id
        for one in control.all_permissions or []
        if one.permission_level is not None
    }


def _permit(
    client: WorkspaceClient, kind: str, object_id: str, level: str, application_id: str
) -> None:
    from databricks.sdk.errors.base import DatabricksError
    from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

    control = AccessControlRequest(
        service_principal_name=application_id, permission_level=PermissionLevel(level)
    )
    try:
        client.permissions.update(kind, object_id, access_control_list=[control])
    except (DatabricksError, OSError) as error:
        raise SetupError(scrub(str(error))) from error
