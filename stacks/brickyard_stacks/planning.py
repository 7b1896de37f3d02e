"""Which principal signs in: those who apply, or with BRICKYARD_SIGN_IN=plan the one that only reads.

A pull request's plan is made by `service_principals.plan`. It sees no list of grants, which Databricks shows only to
who may change it: it plans with `-refresh=false`, and so shows what the commit changes; who applies sees what drifted.
"""

from collections.abc import Mapping

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings import Auth, Environment
from brickyard_stacks.settings.auth import AzureCliAuth, ProfileAuth
from brickyard_stacks.settings.workspace import Applier

SIGN_IN_VARIABLE = "BRICKYARD_SIGN_IN"
_PLAN = "plan"


def signed_in(environment: Environment, variables: Mapping[str, str]) -> Environment:
    """The environment, with the sign-ins of every stack the plan's where that is asked for.

    By profile it is the profile called as the deployer's and `-plan`; `az` is logged in as whoever called `az login`.

    Errors: CannotBuildStacks.
    """
    asked = variables.get(SIGN_IN_VARIABLE, "")
    if asked in ("", "apply"):
        return environment
    if asked != _PLAN:
        raise CannotBuildStacks(f"{SIGN_IN_VARIABLE} is {asked!r}; it is apply (or nothing), or {_PLAN}")
    workspace = environment.workspace.model_copy(update={"auth": _as_plan(environment, environment.workspace.auth)})
    platform = environment.platform and _applier(environment, environment.platform)
    deployers = {project: _applier(environment, each) for project, each in environment.deployers.items()}
    return environment.model_copy(update={"workspace": workspace, "platform": platform, "deployers": deployers})


def _applier(environment: Environment, applier: Applier) -> Applier:
    return applier.model_copy(update={"auth": _as_plan(environment, applier.auth)})


def _as_plan(environment: Environment, auth: Auth) -> Auth:
    if isinstance(auth, AzureCliAuth):
        return auth
    if isinstance(auth, ProfileAuth):
        return auth.model_copy(update={"profile": f"{auth.profile}-{_PLAN}"})
    application_id = environment.service_principals.plan.application_id
    if application_id is None:
        raise CannotBuildStacks(
            f"{SIGN_IN_VARIABLE} is {_PLAN!r}, and environments/{environment.name}.yaml does not say as whom: write "
            "service_principals.plan.application_id (with ownership: create Databricks gives it at the first apply; "
            "then it is adopted: ownership: adopt and its import_id)"
        )
    return auth.model_copy(update={"client_id": application_id})
