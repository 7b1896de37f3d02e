"""Who copies models up out of an environment, and what it may read there: the next one's jobs, on promotion's paths."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from constructs import Construct

from brickyard_constructs.catalog import Access, CatalogBinding, Grant
from brickyard_constructs.iam import ReferencedServicePrincipal, ServicePrincipalProps
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.permissions import Privileges, copier_privileges
from brickyard_stacks.promotion import environment_of_path, require_one_metastore
from brickyard_stacks.settings import Environment


@dataclass(frozen=True, kw_only=True, slots=True)
class Copier:
    """The jobs of the environment that comes next on a project's path: as whom they run, and where."""

    environment: Environment

    @property
    def name(self) -> str:
        """The environment's."""
        return self.environment.name

    def grant(self, scope: Construct, privileges: Privileges) -> Grant:
        """What its `run_as` gets."""
        return Grant(principal=self._run_as(scope), privileges=privileges["run_as"], key=f"run_as_of_{self.name}")

    def _run_as(self, scope: Construct) -> str:
        """Its application id; where the settings do not say it, it is looked up by name, as everywhere."""
        settings, id_ = self.environment.service_principals.run_as, f"run-as-of-{self.name}"
        if settings.application_id is not None:
            known: str = settings.application_id
            return known
        found = scope.node.try_find_child(id_)
        if not isinstance(found, ReferencedServicePrincipal):
            found = ReferencedServicePrincipal(scope, id_, ServicePrincipalProps(name=settings.name))
        return found.application_id


def copier(deployment: ProjectDeployment) -> Copier | None:
    """Who copies the project's model up from here; None for nobody.

    Errors: CannotBuildStacks for a path that cannot be walked.
    """
    asked, name = deployment.project.deployment.promotion, deployment.environment.name
    if asked.by == "code" or deployment.sandbox is not None or name not in asked.path[:-1]:
        return None
    where = f"project {deployment.project.name}: deployment.promotion.path"
    target = environment_of_path(deployment, where, asked.path[asked.path.index(name) + 1])
    require_one_metastore(target, deployment.environment, where)
    return Copier(environment=target)


def copiers(deployments: Iterable[ProjectDeployment]) -> tuple[Copier, ...]:
    """Those of all projects, each environment once."""
    found = (copier(deployment) for deployment in deployments)
    return tuple({each.name: each for each in found if each is not None}.values())


def with_copiers(scope: Construct, access: Access, some: Iterable[Copier], securable: str) -> Access:
    """The access, and what the jobs that copy from here need on a `catalog`, a `schema` of models or a `model`."""
    grants = tuple(each.grant(scope, copier_privileges(securable)) for each in some)
    return replace(access, grants=(*access.grants, *grants))


def bindings(environment: Environment, some: Iterable[Copier]) -> Iterable[CatalogBinding]:
    """The workspaces of those who copy, which an isolated catalog is not seen from otherwise. They only read.

    Errors: CannotBuildStacks where a workspace's id is not known.
    """
    settings = environment.catalog
    if settings.isolation != "ISOLATED" or settings.ownership == "reference":  # its owner binds it
        return
    bound = {binding.workspace_id for binding in settings.bindings} | {environment.workspace.id}
    for each in some:
        workspace = each.environment.workspace
        if workspace.name == environment.workspace.name or workspace.id in bound - {None}:
            continue
        if workspace.id is None:
            raise CannotBuildStacks(
                f"environments/{each.name}.yaml: workspace.id is missing: models are copied up from {environment.name},"
                f" whose catalog {settings.name} is isolated and must be bound to that workspace. Write the id there"
                " (?o= shows it)."
            )
        bound.add(workspace.id)
        yield CatalogBinding(workspace_id=workspace.id, read_only=True)
