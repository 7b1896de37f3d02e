"""Service principals: the application id is the name that jobs, owners and grants use."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.data_databricks_service_principal import DataDatabricksServicePrincipal
from cdktf_cdktf_provider_databricks.service_principal import ServicePrincipal
from constructs import Construct

from brickyard_constructs.checks import check_not_empty


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipalProps:
    """The display name, which is to be unique in the account."""

    name: str

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)


class MadeServicePrincipal(Construct):
    """A service principal of Databricks' own kind; it has no secret, and sign-in is by federation.

    Creates: databricks_service_principal.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/service_principal
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalProps) -> None:
        super().__init__(scope, id_)
        self.service_principal = ServicePrincipal(self, "Resource", display_name=props.name)
        self.application_id = self.service_principal.application_id


class ReferencedServicePrincipal(Construct):
    """A service principal that exists already, looked up by its display name. Nothing of it is changed.

    Creates: nothing; it reads the data source databricks_service_principal.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/service_principal
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalProps) -> None:
        super().__init__(scope, id_)
        self.service_principal = DataDatabricksServicePrincipal(self, "Resource", display_name=props.name)
        self.application_id = self.service_principal.application_id
