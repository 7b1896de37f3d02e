"""From settings to an App: one environment, its platform, and every project's stacks; judged before it is deployed."""

from collections.abc import Sequence
from pathlib import Path

import jsii
from cdktf import App, TerraformStack
from constructs import IValidation

from brickyard_constructs.errors import ConstructsError
from brickyard_stacks.artifacts import build_wheel
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.errors import CannotBuildStacks, Refused, StacksError
from brickyard_stacks.guarding import judge, load_rules, stack_file
from brickyard_stacks.names import ProjectNames, refuse_equal_names
from brickyard_stacks.platform import PlatformStack
from brickyard_stacks.project import ProjectStack
from brickyard_stacks.serving import ServingStack
from brickyard_stacks.settings import Environment, Project

_WHEELS = Path(".brickyard/cache/wheels")


def synthesise(environment: Environment, projects: Sequence[Project], *, root: Path, outdir: str | None = None) -> None:
    """Write every stack of an environment, and let the guards judge what was written.

    Errors: CannotBuildWheel, CannotBuildStacks, Refused.
    """
    app = build_app(environment, projects, root=root, outdir=outdir)
    guards = Guards(app, environment, root)
    app.node.add_validation(guards)
    try:
        app.synth()
    except RuntimeError:
        if guards.error is not None:
            raise guards.error from None
        raise


def build_app(environment: Environment, projects: Sequence[Project], *, root: Path, outdir: str | None = None) -> App:
    """Build every stack of an environment.

    Errors: CannotBuildWheel, CannotBuildStacks.
    """
    app = App(outdir=outdir)
    try:
        _build_stacks(app, environment, projects, root)
    except ConstructsError as error:
        raise CannotBuildStacks(f"environment {environment.name}: {error}") from error
    return app


def _build_stacks(app: App, environment: Environment, projects: Sequence[Project], root: Path) -> None:
    refuse_equal_names(environment, [ProjectNames.of(environment, project) for project in projects])
    platform = PlatformStack(app, environment, root=root)
    pipelines = build_wheel(root / "pipelines", root / _WHEELS)
    for project in projects:
        code = build_wheel(root / "projects" / project.name, root / _WHEELS)
        stack = ProjectStack(app, environment, project, wheels=(pipelines, code), root=root)
        stack.add_dependency(platform)
        serving = ServingStack(app, environment, project, root=root)
        serving.add_dependency(stack)


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
