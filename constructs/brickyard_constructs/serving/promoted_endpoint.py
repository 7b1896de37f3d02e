"""A serving endpoint that exists once a model version has been promoted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import TerraformLocal, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_databricks.data_databricks_registered_model import DataDatabricksRegisteredModel
from cdktf_cdktf_provider_databricks.data_databricks_serving_endpoints import DataDatabricksServingEndpoints
from cdktf_cdktf_provider_databricks.model_serving import (
    ModelServing,
    ModelServingConfigA,
    ModelServingConfigServedEntities,
    ModelServingConfigTrafficConfig,
    ModelServingConfigTrafficConfigRoutes,
    ModelServingTags,
)
from constructs import Construct

from brickyard_constructs.checks import check_endpoint_name, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject

_SIZES = ("Small", "Medium", "Large")


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotedEndpointProps:
    """The model and the alias to wait for, the first size, and who may ask."""

    name: str
    model: str
    permissions: tuple[Permission, ...]
    alias: str = "champion"
    workload_size: str = "Small"
    scale_to_zero: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = True

    def __post_init__(self) -> None:
        check_endpoint_name("name", self.name)
        check_not_empty("permissions", self.permissions)
        if self.model.count(".") != 2:
            raise InvalidProps("model", self.model, rule="a three-level name: catalog.schema.model")
        if self.workload_size not in _SIZES:
            raise InvalidProps("workload_size", self.workload_size, rule=f"one of {', '.join(_SIZES)}")


class PromotedEndpoint(Construct):
    """An endpoint that appears with the first promotion, and that no change in the data takes away again.

    A first deployment has no model version to serve and would fail (databricks/mlops-stacks issue 217). So the
    endpoint is planned when a version carries the alias, or when the endpoint is there already: an alias that is
    removed, or a version that is deleted, plans nothing. Afterwards the pipeline moves versions and traffic, and
    Terraform ignores both.

    The conditions are written without `try`: an answer of an unknown form must stop the plan, not count as
    "no endpoint" and plan its deletion.

    Creates: databricks_model_serving and databricks_permissions, each none or one.
    Gaps: the planning principal must see the endpoint (CAN_VIEW), since the list leaves out what it may not see.
    Source: docs.databricks.com/aws/en/machine-learning/model-serving/create-manage-serving-endpoints
    """

    def __init__(self, scope: Construct, id_: str, props: PromotedEndpointProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        self._read()
        wanted = Token.as_number(f"${{{self._wanted} ? 1 : 0}}")
        self.endpoint = ModelServing(
            self,
            "Resource",
            count=wanted,
            name=props.name,
            config=self._config(),
            tags=[ModelServingTags(key=k, value=v) for k, v in sorted(props.tags.items())] or None,
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["config"], prevent_destroy=True if props.protected else None
            ),
        )
        address = f"{ModelServing.TF_RESOURCE_TYPE}.{self.endpoint.friendly_unique_id}"
        endpoint_id = f"${{{address}[0].serving_endpoint_id}}"
        ObjectPermissions(
            self,
            "permissions",
            on=Target(
                kind=WorkspaceObject.SERVING_ENDPOINT,
                name=props.name,
                object_id=endpoint_id,
            ),
            permissions=props.permissions,
            count=wanted,
        )

    @property
    def status(self) -> str:
        """A sentence, as a Terraform expression: what is served, or what is missing."""
        props = self._props
        there = f"Endpoint {props.name} serves {props.model}."
        missing = (
            f"No endpoint yet: no version of {props.model} carries the alias {props.alias}. "
            "Run the project's job; once it has promoted a version, deploy this stack again."
        )
        return f'${{{self._wanted} ? "{there}" : "{missing}"}}'

    def _read(self) -> None:
        """Ask what is there now: the versions with the alias, and the endpoint itself."""
        props = self._props
        model = DataDatabricksRegisteredModel(self, "model", full_name=props.model, include_aliases=True)
        listed = DataDatabricksServingEndpoints(self, "endpoints")
        aliases = _listed(f"data.{model.terraform_resource_type}.{model.friendly_unique_id}.model_info[0].aliases")
        endpoints = _listed(f"data.{listed.terraform_resource_type}.{listed.friendly_unique_id}.endpoints")
        promoted = TerraformLocal(
            self, "promoted", f'${{[for a in {aliases} : a.version_num if a.alias_name == "{props.alias}"]}}'
        )
        served = TerraformLocal(
            self,
            "served",
            f"${{flatten([for e in {endpoints} : [for c in {_listed('e.config')} : "
            f"[for s in {_listed('c.served_entities')} : s.entity_version]] "
            f'if e.name == "{props.name}"])}}',
        )
        there = TerraformLocal(
            self, "there", f'${{length([for e in {endpoints} : e if e.name == "{props.name}"]) > 0}}'
        )
        self._promoted = f"local.{promoted.friendly_unique_id}"
        self._served = f"local.{served.friendly_unique_id}"
        self._wanted = f"(length({self._promoted}) > 0 || local.{there.friendly_unique_id})"

    def _config(self) -> ModelServingConfigA:
        """What a new endpoint starts with; ignored from then on, but valid also when the alias has gone."""
        props = self._props
        version = f'${{tostring(concat({self._promoted}, {self._served}, ["1"])[0])}}'
        entity = ModelServingConfigServedEntities(
            name=props.alias,
            entity_name=props.model,
            entity_version=version,
            workload_size=props.workload_size,
            scale_to_zero_enabled=props.scale_to_zero,
        )
        route = ModelServingConfigTrafficConfigRoutes(served_model_name=props.alias, traffic_percentage=100)
        return ModelServingConfigA(
            served_entities=[entity], traffic_config=ModelServingConfigTrafficConfig(routes=[route])
        )


def _listed(expression: str) -> str:
    """A list that Databricks leaves out while it is empty."""
    return f"({expression} == null ? [] : {expression})"
