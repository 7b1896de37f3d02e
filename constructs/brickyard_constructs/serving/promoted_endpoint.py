"""A serving endpoint that exists once a model version has been promoted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdktf import TerraformResource, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_databricks import model_serving, model_serving_provisioned_throughput
from constructs import Construct

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_emails, check_endpoint_name, check_full_name, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.expressions import quoted
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.secret_reference import SecretReference
from brickyard_constructs.serving.gateway import Gateway
from brickyard_constructs.serving.promotion import Promotion
from brickyard_constructs.serving.sizes import ModelUnits, Size, TokensPerSecond, Workload

_ALL = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotedEndpointProps:
    """The model and the alias to wait for, the first size, and who may ask.

    `split` says which alias begins with which share of the traffic; without it `alias` has all. `throughput`, of a
    fine-tuned language model, stands instead of a workload. `environment` takes secrets only: what is no secret
    belongs into the model. `description`, `budget_policy_id` and `tell_of_failures` are set once: the provider has
    no call to change them.
    """

    name: str
    model: str
    permissions: tuple[Permission, ...]
    alias: str = "champion"
    split: Mapping[str, int] = field(default_factory=dict)
    workload_size: str = "Small"
    workload_type: str = "CPU"
    scale_to_zero: bool = True
    throughput: TokensPerSecond | ModelUnits | None = None
    gateway: Gateway | None = None
    environment: Mapping[str, SecretReference] = field(default_factory=dict)
    route_optimized: bool = False
    description: str = ""
    budget_policy_id: str | None = None
    tell_of_failures: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = True

    def __post_init__(self) -> None:
        check_endpoint_name("name", self.name)
        check_not_empty("permissions", self.permissions)
        check_full_name("model", self.model)
        check_emails("tell_of_failures", self.tell_of_failures)
        if self.split and (sum(self.split.values()) != _ALL or min(self.split.values()) < 0):
            raise InvalidProps("split", dict(self.split), rule=f"shares from 0 that add up to {_ALL}")
        for name, value in self.environment.items():
            if not isinstance(value, SecretReference):
                raise InvalidProps("environment", name, rule="a SecretReference, never text")
        if isinstance(self.throughput, ModelUnits) and (self.environment or self.route_optimized or self.description):
            rule = "an endpoint in model units has no environment, route optimisation or description"
            raise InvalidProps("throughput", self.throughput, rule=rule)
        _ = self.size

    @property
    def size(self) -> Size:
        """What each served entity begins with. Errors: InvalidProps."""
        return self.throughput or Workload(
            size=self.workload_size, type=self.workload_type, scale_to_zero=self.scale_to_zero
        )

    @property
    def shares(self) -> Mapping[str, int]:
        """The first share of each alias."""
        return self.split or {self.alias: _ALL}


class PromotedEndpoint(Construct):
    """An endpoint that appears with the first promotion, and that no change in the data takes away again.

    A first deployment has no model version to serve and would fail (databricks/mlops-stacks issue 217). So the
    endpoint is planned when versions carry its aliases, or when the endpoint is there already: an alias that is
    removed, or a version that is deleted, plans nothing. Afterwards the pipeline moves versions, traffic and sizes,
    and Terraform ignores all three.

    Creates: databricks_model_serving (in model units databricks_model_serving_provisioned_throughput) and
    databricks_permissions, each none or one.
    Gaps: the planning principal must see the endpoint (CAN_VIEW), since the list leaves out what it may not see.
    Provider 1.99 fails when a gateway is taken away as a whole; and changing `route_optimized` replaces the endpoint.
    Source: docs.databricks.com/aws/en/machine-learning/model-serving/create-manage-serving-endpoints
    """

    def __init__(self, scope: Construct, id_: str, props: PromotedEndpointProps, *, when: str | None = None) -> None:
        """`when` is the condition under which the model is there, for a plan before it is: see `upstream`."""
        super().__init__(scope, id_)
        self._props = props
        self._promotion = Promotion(
            self, endpoint=props.name, model=props.model, aliases=tuple(props.shares), when=when
        )
        wanted = Token.as_number(f"${{{self._promotion.wanted} ? 1 : 0}}")
        self.endpoint = self._endpoint(wanted)
        address = f"{self.endpoint.terraform_resource_type}.{self.endpoint.friendly_unique_id}"
        ObjectPermissions(
            self,
            "permissions",
            on=Target(
                kind=WorkspaceObject.SERVING_ENDPOINT,
                name=props.name,
                object_id=f"${{{address}[0].serving_endpoint_id}}",
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
            f"No endpoint yet: {self._promotion.missing}. "
            "Run the project's job; once it has promoted a version, deploy this stack again."
        )
        return f"${{{self._promotion.wanted} ? {quoted(there)} : {quoted(missing)}}}"

    def _endpoint(self, wanted: float) -> TerraformResource:
        props = self._props
        place = _place(props.size)
        set_once = self._set_once(place)
        made: TerraformResource = getattr(place.module, place.place)(
            self,
            "Resource",
            count=wanted,
            name=props.name,
            config=self._config(place.below("Config")),
            ai_gateway=props.gateway.block(place.below("AiGateway")) if props.gateway else None,
            tags=[place.below("Tags").make(key=k, value=v) for k, v in sorted(props.tags.items())] or None,
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["config", *set_once], prevent_destroy=True if props.protected else None
            ),
            **set_once,
            **({"route_optimized": True} if props.route_optimized else {}),
        )
        return made

    def _set_once(self, place: Blocks) -> dict[str, Any]:
        props, fields = self._props, {}
        if props.description:
            fields["description"] = props.description
        if props.budget_policy_id:
            fields["budget_policy_id"] = props.budget_policy_id
        if props.tell_of_failures:
            told = place.below("EmailNotifications").make(on_update_failure=list(props.tell_of_failures))
            fields["email_notifications"] = told
        return fields

    def _config(self, place: Blocks) -> Any:
        """What a new endpoint starts with; ignored from then on."""
        props = self._props
        entity, traffic = place.below("ServedEntities"), place.below("TrafficConfig")
        variables = {name: secret.reference for name, secret in props.environment.items()}
        entities = [
            entity.make(
                name=alias,
                entity_name=props.model,
                entity_version=self._promotion.version(alias),
                **({"environment_vars": variables} if variables else {}),
                **props.size.fields(),
            )
            for alias in props.shares
        ]
        routes = [
            traffic.below("Routes").make(served_model_name=alias, traffic_percentage=share)
            for alias, share in props.shares.items()
        ]
        # The bindings call the block itself ConfigA, since Config is taken.
        return Blocks(place.module, f"{place.place}A").make(
            served_entities=entities, traffic_config=traffic.make(routes=routes)
        )


def _place(size: Size) -> Blocks:
    """The resource type: model units have one of their own."""
    if isinstance(size, ModelUnits):
        return Blocks(model_serving_provisioned_throughput, "ModelServingProvisionedThroughput")
    return Blocks(model_serving, "ModelServing")
