"""What is installed on a cluster before its tasks start."""

from dataclasses import dataclass
from typing import Any

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import known
from brickyard_constructs.errors import InvalidProps

_IN_UNITY_CATALOG = ("/Volumes/", "/Workspace/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """A wheel, a list of requirements, or a package of an index: one of the three."""

    wheel: str | None = None
    requirements: str | None = None
    package: str | None = None

    def __post_init__(self) -> None:
        named = [name for name in ("wheel", "requirements", "package") if getattr(self, name)]
        if len(named) != 1:
            raise InvalidProps("wheel, requirements, package", named, rule="exactly one of the three is named")
        for prop in ("wheel", "requirements"):
            path = getattr(self, prop)
            if path and known(path) and not path.startswith(_IN_UNITY_CATALOG):
                raise InvalidProps(prop, path, rule="a file in /Volumes or /Workspace")
        if self.package and ("://" in self.package or self.package.startswith("-")):
            raise InvalidProps("package", "…", rule="a requirement like name==1.2; an address may hold a password")

    def block(self, place: Blocks) -> Any:
        """As a resource takes it."""
        pypi = place.below("Pypi").make(package=self.package) if self.package else None
        return place.make(whl=self.wheel, requirements=self.requirements, pypi=pypi)
