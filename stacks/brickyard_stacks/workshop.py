"""What the jobs of a project share: principals, wheels, permissions and where their files are put."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from brickyard_constructs.compute import PackageIndex
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Notifications, ServerlessEnvironment
from brickyard_constructs.secret_reference import SecretReference
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import Environment

SERVERLESS = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """What the jobs of one project are made with: who they run as, their wheels, and where their files are put."""

    environment: Environment
    names: ProjectNames
    run_as: str
    wheels: tuple[str, ...]
    permissions: tuple[Permission, ...]
    file_permissions: tuple[Permission, ...]
    tags: Mapping[str, str]
    paused: bool
    folder: Path
    connects_models: bool
    deployment_permissions: tuple[Permission, ...]

    @property
    def code_folder(self) -> str:
        """Where files are put: the deployer's own folder, which nobody else may write to."""
        return f"{self.names.workspace_folder}/{self.names.project_stack}-files"

    @property
    def has_machines(self) -> bool:
        """The local workspace starts no machines: there, every task is serverless."""
        return self.environment.stage != "local"

    @property
    def locked(self) -> bool:
        """Outside of development what runs is what was reviewed."""
        return self.environment.stage in ("staging", "prod")

    def notifications(self) -> Notifications:
        """Who hears of failures."""
        told = self.environment.notifications
        return Notifications(on_failure=told.on_failure, failure_destinations=told.destinations)

    def serverless(self) -> ServerlessEnvironment:
        """The environment with the project's wheels, and the private index they are resolved from."""
        return ServerlessEnvironment(key=SERVERLESS, dependencies=self.wheels, package_index=self.package_index)

    @property
    def package_index(self) -> PackageIndex | None:
        """Where packages come from, on serverless compute and on clusters."""
        settings = self.environment.network.package_index
        if settings is None:
            return None
        lies = settings.secret
        return PackageIndex(url=settings.url, secret=SecretReference(scope=lies.scope, key=lies.key) if lies else None)
