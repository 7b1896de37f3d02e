"""The bindings' classes for nested blocks, found by the place they stand in.

The bindings have a class of its own for each place: a cluster inside a job is a `JobJobClusterNewCluster`, and its
library a `JobJobClusterNewClusterLibrary`. What can stand in several places is built once, over `Blocks`.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Blocks:
    """One place of a resource: the bindings' module, and the name of the place's own class."""

    module: ModuleType
    place: str

    def make(self, **fields: Any) -> Any:
        """The block itself."""
        return getattr(self.module, self.place)(**fields)

    def below(self, name: str) -> "Blocks":
        """The place of a block inside this one, such as `Autoscale`."""
        return Blocks(self.module, self.place + name)
