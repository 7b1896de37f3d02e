"""MLflow experiments."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.mlflow_experiment import MlflowExperiment, MlflowExperimentTags
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, check_workspace_path
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentProps:
    """Where the experiment stands in the workspace, and who may read or write its runs."""

    path: str
    permissions: tuple[Permission, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = True

    def __post_init__(self) -> None:
        check_workspace_path("path", self.path)
        check_not_empty("permissions", self.permissions)


class Experiment(Construct):
    """An MLflow experiment under a fixed path, not under the home of whoever deployed it.

    Tags are set when it is created only: the provider has no call to change them (resource_mlflow_experiment.go).

    Creates: databricks_mlflow_experiment; databricks_permissions.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/mlflow_experiment
    """

    def __init__(self, scope: Construct, id_: str, props: ExperimentProps) -> None:
        super().__init__(scope, id_)
        tags = [MlflowExperimentTags(key=key, value=value) for key, value in sorted(props.tags.items())]
        self.experiment = MlflowExperiment(
            self,
            "Resource",
            name=props.path,
            tags=tags or None,
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["tags"], prevent_destroy=True if props.protected else None
            ),
        )
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.EXPERIMENT, name=props.path, object_id=self.experiment.id),
            permissions=props.permissions,
        )
