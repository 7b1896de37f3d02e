"""From settings to an App: one environment, its platform, and every project's stacks; judged before it is deployed."""

from collections.abc import Sequence
from pathlib import Path

import jsii
from cdktf import App, TerraformStack
from constructs import IValidation

from brickyard_constructs.errors import ConstructsError
from brickyard_stacks.artifacts import Wheel, build_wheel
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.copying import Copier, copiers
from brickyard_stacks.deployment import ProjectDeployment, Sandbox
from brickyard_stacks.errors import CannotBuildStacks, Refused, StacksError
from brickyard_stacks.guarding import judge, load_rules, stack_file
from brickyard_stacks.names import refuse_equal_names
from brickyard_stacks.platform import PlatformStack
from brickyard_stacks.project import ProjectStack
from brickyard_stacks.serving import ServingStack
from brickyard_stacks.settings import Environment, Project

_WHEELS = Path(".brickyard/cache/wheels")


def synthesise(
    environment: Environment,
    projects: Sequence[Project],
    *,
    root: Path,
    outdir: str | None = None,
    sandbox: Sandbox | None = None,
) -> None:
    """Write every stack of an environment, and let the guards judge what was written.

    Errors: CannotBuildWheel, CannotBuildStacks, Refused.
    """
    app = build_app(environment, projects, root=root, outdir=outdir, sandbox=sandbox)
    guards = Guards(app, environment, root)
    app.node.add_validation(guards)
    try:
        app.synth()
    except RuntimeError:
        if guards.error is not None:
            raise guards.error from None
        raise


def build_app(
    environment: Environment,
    projects: Sequence[Project],
    *,
    root: Path,
    outdir: str | None = None,
    sandbox: Sandbox | None = None,
) -> App:
    """Build every stack of an environment; of a sandbox, only the projects' own.

    Errors: CannotBuildWheel, CannotBuildStacks.
    """
    app = App(outdir=outdir)
    deployments = [
        ProjectDeployment(
            environment=environment if sandbox else environment.of_project(project.name),
            project=project,
            root=root,
            sandbox=sandbox,
        )
        for project in projects
    ]
    refuse_equal_names(environment, [deployment.names for deployment in deployments])
    try:
        platform = None if sandbox else _shared_stacks(app, environment, root, copiers(deployments))
        pipelines = build_wheel(root / "pipelines", root / _WHEELS)
        for deployment in deployments:
            _project_stacks(app, deployment, platform, pipelines)
    except ConstructsError as error:
        raise CannotBuildStacks(f"environment {environment.name}: {error}") from error
    return app


def _shared_stacks(app: App, environment: Environment, root: Path, some: tuple[Copier, ...]) -> PlatformStack:
    platform = PlatformStack(app, environment, root=root, copiers=some)
    if environment.account is not None:
        from brickyard_stacks.account import AccountStack

        platform.add_dependency(AccountStack(app, environment, environment.account, root=root))
    return platform


def _project_stacks(app: App, deployment: ProjectDeployment, platform: PlatformStack | None, pipelines: Wheel) -> None:
    code = build_wheel(deployment.folder, deployment.root / _WHEELS)
    stack = ProjectStack(app, deployment, wheels=(pipelines, code))
    if platform is not None:
        stack.add_dependency(platform)
    serving = ServingStack(app, deployment)
    serving.add_dependency(stack)
    if deployment.names.monitored:
        from brickyard_stacks.monitoring import MonitoringStack

        MonitoringStack(app, deployment).add_dependency(serving)


@jsii.implements(IValidation)
class Guards:
    """cdktf's last question before it writes its manifest: one call, over the documents of all stacks.

    What is refused is not left lying where Terraform could apply it.
    """

    def __init__(self, app: App, environment: Environment, root: Path) -> None:
        self._app = app
        self._environment = environment
        self._rules = load_rules(root)
        self.error: StacksError | None = None

    def validate(self) -> list[str]:
        """What is refused, as texts; `error` holds the same for Python."""
        files = [stack_file(Path(self._app.outdir), name) for name in self._stacks()]
        try:
            refusals = judge(self._rules, self._environment, files)
            self.error = Refused(refusals) if refusals else None
        except StacksError as error:
            refusals, self.error = [], error
        if self.error is None:
            return []
        for file in files:
            file.unlink(missing_ok=True)
        return [str(r) for r in refusals] or [str(self.error)]

    def _stacks(self) -> list[str]:
        return [
            child.name if isinstance(child, EnvironmentStack) else child.node.id
            for child in self._app.node.children
            if isinstance(child, TerraformStack)
        ]
