"""The stack of a project's endpoint; deployed after the project's, and again after the first promotion."""

from pathlib import Path

from cdktf import TerraformOutput
from constructs import Construct

from brickyard_constructs.serving import PromotedEndpoint, PromotedEndpointProps
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.identities import referenced_identities
from brickyard_stacks.names import ALIAS, ProjectNames
from brickyard_stacks.permissions import endpoint_levels
from brickyard_stacks.settings import Environment, Project
from brickyard_stacks.settings.deployment import Serving


class ServingStack(EnvironmentStack):
    """The endpoint, once a version has been promoted; the output `endpoint_status` says which it is.

    Creates: databricks_model_serving, databricks_permissions.
    """

    def __init__(self, scope: Construct, environment: Environment, project: Project, *, root: Path) -> None:
        names = ProjectNames.of(environment, project)
        super().__init__(scope, names.serving_stack, environment=environment, root=root)
        levels = endpoint_levels(environment.stage)
        identities = referenced_identities(Construct(self, "iam"), environment, levels.keys())
        settings = project.deployment.serving or Serving()
        props = PromotedEndpointProps(
            name=names.endpoint,
            model=names.model,
            alias=ALIAS,
            permissions=identities.permissions(levels),
            workload_size=settings.workload_size,
            scale_to_zero=settings.scale_to_zero,
            tags=self.tags(**project.deployment.tags, project=project.name),
            protected=environment.deletion_protection,
        )
        endpoint = PromotedEndpoint(self, "endpoint", props)
        TerraformOutput(self, "endpoint_name", value=names.endpoint)
        TerraformOutput(self, "endpoint_status", value=endpoint.status)
