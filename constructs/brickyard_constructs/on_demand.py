"""The bindings' package, without its own `__init__`: that imports all of its 250 modules; thirty are used."""

import importlib
import importlib.util
import sys
from types import ModuleType


def import_on_demand(package: str) -> None:
    """Stand in for a package whose modules are then imported one by one, when they are named; a second time, nothing.

    What is not installed is left to the import that needs it: its error says more.
    """
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is None:
        return
    module = importlib.util.module_from_spec(spec)

    def submodule(name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from error

    module.__dict__["__getattr__"] = submodule
    sys.modules[package] = module
