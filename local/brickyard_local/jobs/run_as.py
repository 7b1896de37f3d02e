"""Who the runs of a job act as, and who may say so.

Runs act as the settings' `run_as`, else as the job's creator. Whoever changes that, by naming another principal or by
leaving out the one that was named, must be a workspace admin, that principal itself, or for a service principal
have the role servicePrincipal.user. What stays as it was is never asked about: CAN_MANAGE edits a job whoever
it runs as, and its next run, or repair, acts as its run_as of then.

Source: docs.databricks.com/jobs/privileges (run as; CAN_MANAGE edits settings),
    docs.databricks.com/admin/workspace-settings/restrict-workspace-admins (who may change it)
Deviation: a job without `run_as` acts as its creator also after another principal became its owner.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.jobs.needs import Tokens


def principal_of(
    caller: Caller, settings: Mapping[str, Any], tokens: Tokens, *, creator: str, known: str | None = None
) -> str:
    """The principal that runs act as; `known` is the one of now.

    Errors: InvalidParameter for an unknown principal, PermissionDenied for one that the caller may not choose.
    """
    named = _named(settings.get("run_as") or {}, tokens)
    principal = named or creator
    if caller.is_admin or principal == known or tokens.may_run_as(caller, principal):
        return principal
    why = "" if named else f" (the job's creator, since the settings name no run_as; it is '{known}' now)"
    raise PermissionDenied(
        f"'{caller.principal}' may not let a job run as '{principal}'{why}: a workspace admin may, and for a "
        "service principal whoever has the role servicePrincipal.user on it."
    )


def _named(run_as: Mapping[str, Any], tokens: Tokens) -> str | None:
    asked = {name: value for name, value in run_as.items() if value}
    if not asked:
        return None
    if len(asked) != 1 or not set(asked) <= {"user_name", "service_principal_name"}:
        raise InvalidParameter(f"run_as must name one user_name or service_principal_name; got {asked}.")
    principal = str(next(iter(asked.values())))
    if not tokens.principal_exists(principal):
        raise InvalidParameter(
            f"run_as names '{principal}', which this account does not have. A service principal is named by its "
            "application id."
        )
    return principal
