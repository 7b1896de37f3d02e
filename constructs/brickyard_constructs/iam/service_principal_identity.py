"""Service principals: the application id is the name that jobs, owners and grants use."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.data_databricks_service_principal import DataDatabricksServicePrincipal
from cdktf_cdktf_provider_databricks.service_principal import ServicePrincipal
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, take_over
from brickyard_constructs.upstream import count_if, found


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipalProps:
    """The display name, which is to be unique in the account; on Azure, the application id of Entra's.

    One that is adopted is imported by its id, since names are not unique.
    """

    name: str
    application_id: str | None = None
    ownership: Ownership = "create"
    import_id: str = ""

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_ownership(self.ownership)
        if (self.ownership == "adopt") != bool(self.import_id):
            rule = "the SCIM id of an adopted service principal, and only of one"
            raise InvalidProps("import_id", self.import_id, rule=rule)


class MadeServicePrincipal(Construct):
    """A service principal of Databricks' own kind, or Entra's; it has no secret, and sign-in is by federation.

    Creates: databricks_service_principal.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/service_principal
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalProps) -> None:
        super().__init__(scope, id_)
        self.service_principal = ServicePrincipal(
            self, "Resource", display_name=props.name, application_id=props.application_id
        )
        take_over(self.service_principal, props.ownership, props.import_id)
        self.application_id = self.service_principal.application_id
        self.id = self.service_principal.id


class ReferencedServicePrincipal(Construct):
    """A service principal of others, looked up by its display name, once the condition `when` holds; never changed.

    Creates: nothing; it reads the data source databricks_service_principal.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/service_principal
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalProps, *, when: str | None = None) -> None:
        super().__init__(scope, id_)
        looked_up = DataDatabricksServicePrincipal(self, "Resource", display_name=props.name, count=count_if(when))
        self.service_principal = looked_up
        self.application_id, self.id = looked_up.application_id, looked_up.id
        if when is not None:
            place = ("databricks_service_principal", looked_up.friendly_unique_id)
            self.application_id = found(*place, "application_id", name=props.name)
            self.id = found(*place, "id", name=props.name)
