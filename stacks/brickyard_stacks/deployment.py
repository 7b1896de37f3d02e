"""One project in one environment: what its stacks are built from, and what follows from a sandbox."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import Environment, Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """One engineer's own copy: a short name for it, the principal who deploys it, and its last day."""

    name: str
    owner: str
    expires: date

    @property
    def tags(self) -> dict[str, str]:
        """What tells it from others, and when it may be removed."""
        return {"sandbox": self.name, "owner": self.owner, "expires": self.expires.isoformat()}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectDeployment:
    """The settings, the names, and in a sandbox whose copy it is. `root` is the clone."""

    environment: Environment
    project: Project
    root: Path
    sandbox: Sandbox | None = None

    @property
    def names(self) -> ProjectNames:
        """The registry's names; those of a sandbox are its own."""
        name = self.sandbox.name if self.sandbox else None
        return ProjectNames.of(self.environment, self.project, sandbox=name, deployer=self.deployer)

    @property
    def folder(self) -> Path:
        """The project's own folder."""
        return self.root / "projects" / self.project.name

    @property
    def protected(self) -> bool:
        """Whether what holds data may not be deleted; a sandbox is there to be deleted."""
        return self.environment.deletion_protection and self.sandbox is None

    @property
    def paused(self) -> bool:
        """Whether nothing starts by itself."""
        return self.environment.schedules == "paused" or self.sandbox is not None

    @property
    def tags(self) -> dict[str, str]:
        """Of the project, and in a sandbox of its owner and its last day."""
        own = {**self.project.deployment.tags, "project": self.project.name}
        return own if self.sandbox is None else {**own, **self.sandbox.tags}

    @property
    def deployer(self) -> str:
        """Who runs Terraform: the environment's principal, or the owner of the sandbox."""
        return self.environment.deployer if self.sandbox is None else self.sandbox.owner
