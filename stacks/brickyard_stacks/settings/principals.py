"""Who acts in an environment, by role."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Strict, Text

ApplicationId = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="the application (client) id, a UUID in lower case",
    ),
]


class Group(Strict):
    """An account group, made by us (`create: true`) or owned by the identity provider."""

    name: Text
    create: bool = False


class Groups(Strict):
    """The account groups of an environment, by role (design.md, Roles)."""

    data_scientists: Group
    ml_engineers: Group
    approvers: Group
    consumers: Group


class ServicePrincipal(Strict):
    """A service principal, made by us (`create: true`) or existing already.

    With `application_id` an existing one needs no look-up, so that a plan works before any apply.
    """

    name: Text
    create: bool = False
    application_id: ApplicationId | None = None

    def broken_rules(self) -> Iterable[Broken]:
        """Databricks gives a new service principal its id."""
        if self.create and self.application_id is not None:
            rule = "application_id is given by Databricks when create is true: remove one of the two"
            yield Broken(key=("application_id",), rule=rule)


class ServicePrincipals(Strict):
    """The service principals of an environment, by role (design.md, Roles)."""

    run_as: ServicePrincipal
    plan: ServicePrincipal
    ci: ServicePrincipal
