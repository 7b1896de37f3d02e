"""The stack of one project in one environment: its model, experiment, wheels and job."""

from pathlib import Path

from cdktf import TerraformOutput
from constructs import Construct

from brickyard_constructs.catalog import GovernedModel, GovernedModelProps
from brickyard_constructs.jobs import Cron, WheelJob, WheelJobProps
from brickyard_constructs.ml import Experiment, ExperimentProps
from brickyard_constructs.storage import VolumeFile, VolumeFileProps
from brickyard_stacks.artifacts import Wheel
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.identities import referenced_identities
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.permissions import Role, experiment_levels, job_levels, model_privileges
from brickyard_stacks.settings import Environment, Project
from brickyard_stacks.workflow import PACKAGE, workflow_tasks

_ROLES: tuple[Role, ...] = ("data_scientists", "ml_engineers", "approvers", "run_as", "plan")


class ProjectStack(EnvironmentStack):
    """A registered model, an experiment, the wheels, and the job that runs them.

    Creates: databricks_registered_model, databricks_mlflow_experiment, databricks_file, databricks_job,
    databricks_grants, databricks_permissions.
    """

    def __init__(
        self, scope: Construct, environment: Environment, project: Project, *, wheels: tuple[Wheel, ...], root: Path
    ) -> None:
        self._names = ProjectNames.of(environment, project)
        super().__init__(scope, self._names.project_stack, environment=environment, root=root)
        self._project = project
        self._identities = referenced_identities(Construct(self, "iam"), environment, _ROLES)
        model = self._model()
        experiment = self._experiment()
        job = self._job(tuple(self._upload(wheel).path for wheel in wheels))
        TerraformOutput(self, "model_name", value=model.id)
        TerraformOutput(self, "experiment_id", value=experiment.experiment.id)
        TerraformOutput(self, "job_id", value=job.job.id)

    def _model(self) -> GovernedModel:
        props = GovernedModelProps(
            catalog=self._names.shared.catalog,
            schema=self._names.model_schema,
            name=self._names.project,
            owner=self._identities.principals["run_as"],
            access=self._identities.access(model_privileges()),
            comment=self._project.title,
            protected=self.environment.deletion_protection,
        )
        return GovernedModel(self, "model", props)

    def _experiment(self) -> Experiment:
        props = ExperimentProps(
            path=self._names.experiment,
            permissions=self._identities.permissions(experiment_levels(self.environment.stage)),
            tags=self._tags(),
            protected=self.environment.deletion_protection,
        )
        return Experiment(self, "experiment", props)

    def _upload(self, wheel: Wheel) -> VolumeFile:
        props = VolumeFileProps(source=wheel.path, content_hash=wheel.content_hash, folder=self._names.wheels_folder)
        return VolumeFile(self, f"wheel-{wheel.package}", props)

    def _job(self, wheels: tuple[str, ...]) -> WheelJob:
        settings = self._project.deployment.job
        props = WheelJobProps(
            name=self._names.job,
            run_as=self._identities.principals["run_as"],
            package=PACKAGE,
            wheels=wheels,
            tasks=workflow_tasks(self._names),
            permissions=self._identities.permissions(job_levels(self.environment.stage)),
            timeout_s=settings.timeout_minutes * 60,
            max_retries=settings.max_retries,
            schedule=self._schedule(),
            tags=self._tags(),
        )
        return WheelJob(self, "job", props)

    def _schedule(self) -> Cron | None:
        """The project's schedule; it waits, paused, everywhere but in production."""
        schedule = self._project.deployment.job.schedule
        if schedule is None:
            return None
        paused = self.environment.stage != "prod"
        return Cron(quartz=schedule.quartz_cron, timezone=schedule.timezone, paused=paused)

    def _tags(self) -> dict[str, str]:
        return self.tags(**self._project.deployment.tags, project=self._project.name)
