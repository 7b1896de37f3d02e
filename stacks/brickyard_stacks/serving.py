"""The stack of a project's endpoints; deployed after the project's, and again after the first promotion."""

from cdktf import TerraformOutput
from constructs import Construct

from brickyard_constructs.secret_reference import SecretReference
from brickyard_constructs.serving import (
    Gateway,
    Guardrail,
    Guardrails,
    InferenceTable,
    ModelUnits,
    PromotedEndpoint,
    PromotedEndpointProps,
    RateLimit,
    TokensPerSecond,
)
from brickyard_constructs.upstream import job_is_there
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.identities import referenced_identities
from brickyard_stacks.names import ALIAS, PAYLOADS_SCHEMA
from brickyard_stacks.permissions import endpoint_levels
from brickyard_stacks.settings.deployment.endpoints import Endpoint, ProvisionedThroughput
from brickyard_stacks.settings.deployment.endpoints import Gateway as GatewaySettings


class ServingStack(EnvironmentStack):
    """Every endpoint, once a version of its model has been promoted; outputs `endpoint_status` say which it is.

    Creates: databricks_model_serving or databricks_model_serving_provisioned_throughput, databricks_permissions.
    """

    def __init__(self, scope: Construct, deployment: ProjectDeployment) -> None:
        self._deployment = deployment
        self._names = deployment.names
        super().__init__(scope, self._names.serving_stack, environment=deployment.environment, root=deployment.root)
        levels = endpoint_levels(self.environment.stage)
        identities = referenced_identities(
            Construct(self, "iam"), self.environment, levels.keys(), deployer=deployment.deployer
        )
        self._permissions = identities.permissions(levels)
        # The project's stack makes the models, and this job with them.
        self._after = job_is_there(self, self._names.job) if deployment.project.endpoints else None
        for name, settings in deployment.project.endpoints.items():
            self._endpoint(name, settings)

    def _endpoint(self, name: str, settings: Endpoint) -> None:
        called = self._names.endpoint_called(name)
        # The endpoint that the project's name gives has had these ids from the first version on.
        suffix = "" if name == self._names.slug else f"-{name}"
        props = PromotedEndpointProps(
            name=called,
            model=self._names.model_called(settings.model),
            alias=ALIAS,
            permissions=self._permissions,
            workload_size=settings.workload_size or "Small",
            workload_type=settings.workload_type,
            scale_to_zero=settings.scale_to_zero,
            split=settings.split,
            environment={
                name: SecretReference(scope=lies.scope, key=lies.key) for name, lies in settings.environment.items()
            },
            budget_policy_id=self.environment.compute.budget_policy_id,
            throughput=_throughput(settings.provisioned_throughput),
            gateway=self._gateway(settings, called),
            tags=self.tags(**self._deployment.tags),
            protected=self._deployment.protected,
        )
        endpoint = PromotedEndpoint(self, f"endpoint{suffix}", props, when=self._after)
        TerraformOutput(self, f"endpoint_name{suffix}", value=called)
        TerraformOutput(self, f"endpoint_status{suffix}", value=endpoint.status)

    def _gateway(self, settings: Endpoint, called: str) -> Gateway | None:
        chosen = settings.gateway
        recorded = self._recorded(chosen, called)
        if not (recorded or chosen.usage_tracking or chosen.rate_limits or chosen.guardrails):
            return None
        limits = [
            RateLimit(key=each.key, principal=each.principal, calls=each.calls, tokens=each.tokens)
            for each in chosen.rate_limits
        ]
        return Gateway(
            inference_table=recorded,
            usage_tracking=chosen.usage_tracking,
            rate_limits=tuple(limits),
            guardrails=_guardrails(chosen),
        )

    def _recorded(self, chosen: GatewaySettings, called: str) -> InferenceTable | None:
        """Requests and answers lie in the schema of payloads, or in a sandbox's own."""
        if not chosen.inference_table:
            return None
        schema = self._names.sandbox_schema or PAYLOADS_SCHEMA
        return InferenceTable(catalog=self._names.shared.catalog, schema=schema, prefix=called.replace("-", "_"))


def _throughput(settings: ProvisionedThroughput | None) -> ModelUnits | TokensPerSecond | None:
    if settings is None:
        return None
    if settings.model_units is not None:
        return ModelUnits(units=settings.model_units)
    return TokensPerSecond(minimum=settings.min_tokens_per_second, maximum=settings.max_tokens_per_second or 0)


def _guardrails(chosen: GatewaySettings) -> Guardrails | None:
    if chosen.guardrails is None:
        return None
    asked, answered = chosen.guardrails.input, chosen.guardrails.output
    return Guardrails(
        input=Guardrail(safety=asked.safety, pii=asked.pii),
        output=Guardrail(safety=answered.safety, pii=answered.pii),
    )
