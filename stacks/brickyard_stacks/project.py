"""The stack of one project in one environment: its models, experiment, wheels, jobs, tables and volumes."""

from collections.abc import Mapping
from dataclasses import replace

from cdktf import TerraformOutput, TerraformResource
from constructs import Construct

from brickyard_constructs.catalog import (
    Access,
    GovernedModel,
    GovernedModelProps,
    GovernedSchema,
    GovernedSchemaProps,
    GovernedVolume,
    GovernedVolumeProps,
    SecurableGrants,
)
from brickyard_constructs.jobs import MultiTaskJob, WheelJobProps, WheelTask
from brickyard_constructs.ml import Experiment, ExperimentProps
from brickyard_constructs.storage import VolumeFile, VolumeFileProps
from brickyard_constructs.workspace import Folder, FolderProps
from brickyard_stacks.artifacts import Wheel
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.code_commit import code_commit
from brickyard_stacks.copying import copier, with_copiers
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.identities import Identities, referenced_identities
from brickyard_stacks.inference import PARAMETERS as INFERENCE_PARAMETERS
from brickyard_stacks.inference import inference_tasks
from brickyard_stacks.jobs import cron, make_jobs
from brickyard_stacks.names import ARTIFACTS_VOLUME, LANDING_VOLUME
from brickyard_stacks.own_steps import own_clusters, own_work, with_own_steps
from brickyard_stacks.permissions import (
    Role,
    deployment_job_levels,
    experiment_levels,
    file_levels,
    job_levels,
    landing_privileges,
    model_privileges,
    sandbox_artifacts_privileges,
    sandbox_privileges,
    volume_privileges,
)
from brickyard_stacks.promotion import approvals_tried_once, promoted_tasks, promoting
from brickyard_stacks.settings.deployment.jobs import INFERENCE, Job, WorkflowJob
from brickyard_stacks.streaming import make_streaming_job
from brickyard_stacks.tables import make_tables
from brickyard_stacks.workflow import PACKAGE, PARAMETERS, told_of_commit, workflow_tasks
from brickyard_stacks.workshop import Workshop

_ROLES: tuple[Role, ...] = ("data_scientists", "ml_engineers", "approvers", "run_as", "plan")


class ProjectStack(EnvironmentStack):
    """Registered models, an experiment, the wheels, and the jobs that run them; in a sandbox, its schema as well.

    Creates: databricks_registered_model, databricks_mlflow_experiment, databricks_file, databricks_job,
    databricks_grants, databricks_permissions; as the project's settings say, databricks_sql_table,
    databricks_volume, databricks_notebook and databricks_workspace_file.
    """

    def __init__(self, scope: Construct, deployment: ProjectDeployment, *, wheels: tuple[Wheel, ...]) -> None:
        self._deployment = deployment
        self._names = deployment.names
        super().__init__(scope, self._names.project_stack, environment=deployment.environment, root=deployment.root)
        self._identities = self._who()
        self._folder = self._sandbox_folder()
        self._artifacts: GovernedVolume | None = None  # a sandbox's own; otherwise the platform has it
        self._schema = self._sandbox_schema()
        models = [self._model(name) for name in deployment.project.models]
        experiment = self._experiment()
        workshop = self._workshop(tuple(self._upload(wheel).path for wheel in wheels))
        workflow = self._workflow(workshop)
        self._inference(workshop)
        make_streaming_job(self, workshop, deployment.project.deployment.streaming)
        make_jobs(self, workshop, deployment.project.deployment.jobs, workflow=workflow)
        self._data()
        if models:
            TerraformOutput(self, "model_name", value=models[0].id)
        TerraformOutput(self, "experiment_id", value=experiment.experiment.id)
        TerraformOutput(self, "job_id", value=workflow.job.id)

    def _who(self) -> Identities:
        deployer = self._deployment.deployer
        found = referenced_identities(Construct(self, "iam"), self.environment, _ROLES, deployer=deployer)
        if self._deployment.sandbox is None:
            return found
        return replace(found, appliers={**found.appliers, "platform": self.environment.administrator})

    def _sandbox_schema(self) -> GovernedSchema | None:
        """A sandbox has one schema for all, and in it the volumes that the platform has for everybody."""
        name = self._names.sandbox_schema
        if name is None:
            return None
        props = GovernedSchemaProps(
            catalog=self._names.shared.catalog,
            name=name,
            comment=f"Sandbox of {self._deployment.project.title}",
            access=self._identities.access(sandbox_privileges()),
            protected=False,
        )
        schema = GovernedSchema(self, "sandbox", props)
        volumes = ((LANDING_VOLUME, landing_privileges()), (ARTIFACTS_VOLUME, sandbox_artifacts_privileges()))
        for volume, privileges in volumes:
            access = self._identities.access(privileges)
            self._artifacts = self._volume(volume, (props.catalog, name, volume), access, schema)
        return schema

    def _sandbox_folder(self) -> Folder | None:
        """Where a sandbox's experiment stands: in its owner's folder."""
        if self._deployment.sandbox is None:
            return None
        return Folder(self, "folder", FolderProps(path=self._names.workspace_folder, protected=False))

    def _model(self, name: str) -> GovernedModel:
        settings = self._deployment.project.models[name]
        next_one = copier(self._deployment) if self._names.model_called(name) == self._names.model else None
        access = self._identities.access(model_privileges())
        props = GovernedModelProps(
            catalog=self._names.shared.catalog,
            schema=self._names.model_schema,
            name=name,
            owner=self._identities.principals["run_as"],
            access=with_copiers(self, access, [next_one] if next_one else [], "model"),
            comment=settings.title or self._deployment.project.title,
            protected=self._deployment.protected,
        )
        # The project's own model has had this id from the first version on.
        model = GovernedModel(self, "model" if name == self._names.project else f"model-{name}", props)
        if self._schema is not None and self._schema.schema is not None and model.model is not None:
            _wait_for(model.model, self._schema.schema)
        return model

    def _experiment(self) -> Experiment:
        props = ExperimentProps(
            path=self._names.experiment,
            permissions=self._identities.permissions(experiment_levels(self.environment.stage)),
            tags=self.tags(**self._deployment.tags),
            protected=self._deployment.protected,
        )
        made = Experiment(self, "experiment", props)
        if self._folder is not None:
            _wait_for(made.experiment, self._folder.directory)
        return made

    def _upload(self, wheel: Wheel) -> VolumeFile:
        props = VolumeFileProps(source=wheel.path, content_hash=wheel.content_hash, folder=self._names.wheels_folder)
        upload = VolumeFile(self, f"wheel-{wheel.package}", props)
        own = self._artifacts
        if own is not None and own.volume is not None:  # a sandbox's volume, made with it
            _wait_for(upload.file, own.volume)
            if isinstance(own.grants, SecurableGrants):  # and gone after it: who removes it deletes the file by a grant
                _wait_for(upload.file, own.grants.grants)
        return upload

    def _workshop(self, wheels: tuple[str, ...]) -> Workshop:
        return Workshop(
            environment=self.environment,
            names=self._names,
            run_as=self._identities.principals["run_as"],
            wheels=wheels,
            permissions=self._identities.permissions(job_levels(self.environment.stage)),
            deployment_permissions=self._identities.permissions(deployment_job_levels(self.environment.stage)),
            file_permissions=self._identities.permissions(file_levels()),
            tags=self.tags(**self._deployment.tags),
            paused=self._deployment.paused,
            folder=self._deployment.folder,
            connects_models=any(model.deployment_job for model in self._deployment.project.models.values()),
        )

    def _workflow(self, workshop: Workshop) -> MultiTaskJob:
        """The job that trains and deploys."""
        project = self._deployment.project
        store = project.deployment.online_store
        if store is not None and self._names.online_store is None:
            where = f"compute.online_stores of environments/{self.environment.name}.yaml"
            raise CannotBuildStacks(f"{project.name} needs the online store {store}; add it to {where}")
        settings = project.deployment.job
        has_features = isinstance(project.workflow, dict) and "features" in project.workflow
        chosen = promoting(self._deployment)
        commit = code_commit(self._deployment.root, (self._deployment.folder, self._deployment.root / "pipelines"))
        steps = workflow_tasks(self._names, own_work(settings), has_features=has_features)
        tasks = promoted_tasks(told_of_commit(steps, commit), chosen)
        if chosen.approved:  # who approves repairs the run that waits for it
            workshop = replace(workshop, permissions=workshop.deployment_permissions)
        return self._own_job("job", workshop, self._names.job, settings, tasks, PARAMETERS)

    def _inference(self, workshop: Workshop) -> None:
        """The job that scores, measures and has the other one started, where the project wants it."""
        settings = self._deployment.project.deployment.inference
        if settings is not None:
            name, tasks = self._names.extra_job(INFERENCE), inference_tasks(self._names)
            self._own_job("job-inference", workshop, name, settings, tasks, INFERENCE_PARAMETERS)

    def _own_job(
        self,
        id_: str,
        workshop: Workshop,
        name: str,
        settings: Job,
        tasks: tuple[WheelTask, ...],
        parameters: Mapping[str, str],
    ) -> MultiTaskJob:
        """As the others, but made of the pipelines' own entry points."""
        steps = WheelJobProps(
            name=name,
            run_as=workshop.run_as,
            package=PACKAGE,
            wheels=workshop.wheels,
            tasks=tasks,
            permissions=workshop.permissions,
            timeout_s=settings.timeout_minutes * 60,
            max_retries=settings.max_retries,
            schedule=cron(settings.schedule, paused=workshop.paused) if settings.schedule else None,
            tags=workshop.tags,
        )
        props = replace(
            steps.as_tasks(),
            environments=(workshop.serverless(),),
            parameters=parameters,
            notifications=workshop.notifications(),
            budget_policy_id=self.environment.compute.budget_policy_id,
            ui_locked=workshop.locked,
        )
        if isinstance(settings, WorkflowJob) and settings.steps:
            own = own_work(settings)
            theirs = with_own_steps(self, workshop, props.tasks, own)
            props = replace(props, tasks=theirs, clusters=own_clusters(self, workshop, own))
        return MultiTaskJob(self, id_, replace(props, tasks=approvals_tried_once(props.tasks)))

    def _data(self) -> None:
        settings = self._deployment.project.deployment
        access = self._identities.access(volume_privileges())
        for dotted in settings.volumes:
            self._volume(f"volume-{dotted}", self._names.table(dotted), access, self._schema)
        make_tables(self, self._deployment, self._identities, within=self._schema)

    def _volume(
        self, id_: str, name: tuple[str, str, str], access: Access, within: GovernedSchema | None
    ) -> GovernedVolume:
        catalog, schema, volume = name
        props = GovernedVolumeProps(
            catalog=catalog, schema=schema, name=volume, access=access, protected=self._deployment.protected
        )
        return GovernedVolume(self, id_, props, within=within)


def _wait_for(resource: TerraformResource, other: TerraformResource) -> None:
    """Names alone do not tell Terraform the order; of `node.add_dependency` cdktf 0.21 writes nothing."""
    address = f"{other.terraform_resource_type}.{other.friendly_unique_id}"
    resource.depends_on = [*(resource.depends_on or []), address]
