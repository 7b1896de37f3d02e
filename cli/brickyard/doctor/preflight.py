"""What every check gets: the clone, the settings, the shell's variables, and the workspace if it lets us in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from databricks.sdk import WorkspaceClient

from brickyard.clone import Clone
from brickyard.doctor.finding import Finding
from brickyard_stacks.settings import Environment, Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who is signed in, and by which names rights reach it."""

    name: str
    groups: frozenset[str]
    entitlements: frozenset[str]

    @property
    def principals(self) -> frozenset[str]:
        """Nested groups of the account may hold more; only the workspace itself can tell."""
        return frozenset({self.name, "account users", *self.groups})

    @property
    def is_admin(self) -> bool:
        """Whether it administers the workspace."""
        return "admins" in self.groups


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """One environment about to be planned. Without a sign-in `client` and `caller` are None."""

    clone: Clone
    environment: Environment
    projects: tuple[Project, ...]
    variables: Mapping[str, str] = field(repr=False)  # they may hold a secret
    client: WorkspaceClient | None = None
    caller: Caller | None = None


Check = Callable[[Preflight], Iterator[Finding]]
